import { LRUCache } from 'lru-cache'
import { type Clock, newId, Problem } from '../base/index.ts'
import type { Store } from '../store/index.ts'
import { asOfNow, type KeptRelease } from './kept-release.ts'
import type { App, Release } from './release.ts'

/** What the kept releases name: everything else may be swept. */
export interface References {
  readonly versions: ReadonlySet<string>
  readonly blobs: ReadonlySet<string>
}

/** The chain of releases of all apps: written once, read often, never changed. */
export interface Releases {
  /** Errors: `storage_failed` when it is gone. */
  get(id: string): Promise<Release>
  add(release: Omit<Release, 'id' | 'at'>): Promise<Release>
  remove(id: string): Promise<void>
  idsOf(app: string): Promise<string[]>
  /** Forgets those that no pointer names, but for the `keep` newest of each app; and all of apps that are gone. */
  prune(apps: readonly App[], keep: number): Promise<References>
}

/** Releases in memory: a few kilobytes each. */
const mostCached = 500

export function createReleases(store: Store, clock: Clock): Releases {
  const releases = store.collection<KeptRelease>({ name: 'releases', indexes: ['app'] })
  const cache = new LRUCache<string, Release>({ max: mostCached })

  async function remove(id: string): Promise<void> {
    cache.delete(id)
    await releases.remove(id)
  }

  return {
    remove,
    async get(id) {
      const cached = cache.get(id)
      if (cached) return cached
      const stored = await releases.get(id)
      if (!stored) throw new Problem('storage_failed', `The release "${id}" is gone.`)
      const release = asOfNow(stored.doc)
      cache.set(id, release)
      return release
    },
    async add(release) {
      const now = clock.now()
      const made: Release = { ...release, id: newId(now), at: new Date(now).toISOString() }
      await releases.insert(made)
      return made
    },
    idsOf: async (app) => (await releases.find({ field: 'app', eq: app })).map(({ doc }) => doc.id),
    async prune(apps, keep) {
      const rank = ranking(apps)
      const kept: Release[] = []
      // Ids grow with time. An order by `at` would have no index.
      for (const { doc } of await releases.find(undefined, { sort: { field: 'id', order: 'desc' } })) {
        if (rank(doc) < keep) kept.push(asOfNow(doc))
        else await remove(doc.id)
      }
      return referencesOf(kept)
    },
  }
}

/** How old a release is among its app's, which are asked for from the newest on. A release that a pointer names is never old. */
function ranking(apps: readonly App[]): (release: Pick<Release, 'id' | 'app'>) => number {
  const pointers = new Set(apps.flatMap(({ staging, production }) => [staging, production]))
  const next = new Map(apps.map(({ id }) => [id, 0]))
  return ({ id, app }) => {
    const rank = next.get(app)
    if (rank === undefined) return Number.POSITIVE_INFINITY
    if (pointers.has(id)) return -1
    next.set(app, rank + 1)
    return rank
  }
}

function referencesOf(releases: readonly Release[]): References {
  const stored = releases
    .flatMap((release) => Object.values(release.domains))
    .filter((domain) => domain.kind === 'stored')
  return {
    versions: new Set(stored.flatMap(({ version }) => version ?? [])),
    blobs: new Set(stored.flatMap(({ source }) => (source?.kind === 'upload' ? [source.blob] : []))),
  }
}
