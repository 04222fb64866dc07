import { noSuchApp, type Stage } from '../access/index.ts'
import { type Clock, Problem } from '../base/index.ts'
import { type Collection, createReadMemory, type Store, type Stored } from '../store/index.ts'
import { type Changes, createChanges } from './changes.ts'
import { productionOf, unpublished } from './production.ts'
import { type App, emptyContent, type Release } from './release.ts'
import { createReleases, type References, type Releases } from './releases.ts'

/** Apps whose pointers are remembered. */
const mostRecent = 1000

/**
 * What an app is at a stage. Releases are immutable documents; an app has two pointers into them, each moved by compare-and-swap,
 * so a reader sees one release whole or another one whole, and a crash at any point leaves the last good state.
 */
export interface Catalog extends Changes {
  apps(): Promise<App[]>
  /** Errors: `not_found`. */
  app(id: string): Promise<App>
  /** Errors: `conflict`. */
  createApp(app: { id: string; name: string; by: string }): Promise<App>
  /** The app goes first and its releases after it; those that a crash leaves are pruned. Errors: `not_found`. */
  removeApp(id: string): Promise<void>
  /** The release that a stage points to: one pointer read. Production before the first publication is an empty release. Errors: `not_found`. */
  current(app: string, stage: Stage): Promise<Release>
  /** The id of what `current` would give, at once and without reading; undefined when that takes a read. */
  recallCurrent(app: string, stage: Stage): string | undefined
  /** Forgets all releases but the `keep` newest of each app and those that a pointer names; answers what the others still name. */
  prune(keep: number): Promise<References>
}

export interface CatalogDeps {
  readonly store: Store
  readonly clock: Clock
}

export function createCatalog({ store, clock }: CatalogDeps): Catalog {
  const apps = store.collection<App>({ name: 'apps' })
  const releases = createReleases(store, clock)
  const recent = createReadMemory<App>(apps.changes, mostRecent)

  async function readApp(id: string): Promise<Stored<App>> {
    const stored = await apps.get(id)
    if (!stored) throw noSuchApp(id)
    return stored
  }

  const changes = createChanges({ apps, releases, readApp, clock })

  return {
    apps: async () => (await apps.find()).map(({ doc }) => doc),
    app: async (id) => (await readApp(id)).doc,
    createApp: (app) => createApp({ apps, releases }, app, clock),
    async removeApp(id) {
      await readApp(id)
      const chain = await releases.idsOf(id)
      await apps.remove(id)
      for (const release of chain) await releases.remove(release)
    },
    async current(id, stage) {
      const doc = recent.get(id) ?? (await recent.through(id, async () => (await readApp(id)).doc))
      return stage === 'staging' ? releases.get(doc.staging) : productionOf(releases, doc)
    },
    recallCurrent: (id, stage) => pointedAt(recent.get(id), stage),
    ...changes,
    async prune(keep) {
      const found = (await apps.find()).map(({ doc }) => doc)
      return releases.prune(found, keep)
    },
  }
}

function pointedAt(app: App | undefined, stage: Stage): string | undefined {
  return app && (stage === 'staging' ? app.staging : (app.production ?? unpublished))
}

async function createApp(
  { apps, releases }: { apps: Collection<App>; releases: Releases },
  { id, name, by }: { id: string; name: string; by: string },
  clock: Clock,
): Promise<App> {
  if (await apps.get(id)) throw new Problem('conflict', `There is already an app "${id}".`)
  const { id: staging } = await releases.add({ ...emptyContent, app: id, parent: null, by })
  const createdAt = new Date(clock.now()).toISOString()
  return (await apps.insert({ id, name, createdAt, createdBy: by, staging, production: null })).doc
}
