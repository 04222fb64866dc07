import { noSuchApp, type Stage } from '../access/index.ts'
import { type Clock, isProblem, Problem } from '../base/index.ts'
import { type Collection, createReadMemory, type Store, type Stored } from '../store/index.ts'
import { mergeParts } from './publish.ts'
import { type App, type Change, emptyContent, type PublishRequest, type Release } from './release.ts'
import { createReleases, type References, type Releases } from './releases.ts'

/** How often an edit is repeated when somebody else moved the pointer between reading and writing. */
const attempts = 20

/** The name of production's release before there is one. */
const unpublished = 'unpublished'

/** Apps whose pointers are remembered. */
const mostRecent = 1000

export interface EditOptions {
  readonly by: string
  /** The id of the release that the editor had read: `precondition_failed` when staging points elsewhere. */
  readonly expected?: string | undefined
}

/**
 * What an app is at a stage. Releases are immutable documents; an app has two pointers into them, each moved by compare-and-swap,
 * so a reader sees one release whole or another one whole, and a crash at any point leaves the last good state.
 */
export interface Catalog {
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
  /**
   * Makes a new release from staging's and moves the staging pointer to it. `change` may run several times: it must depend on its
   * argument only. Errors: `not_found`, `precondition_failed` (see `expected`), `release_raced`.
   */
  edit(app: string, change: (release: Release) => Change, options: EditOptions): Promise<Release>
  /** Moves the production pointer. Errors: `not_found`, `invalid_request` (a part that staging lacks), `release_raced`. */
  publish(app: string, request: PublishRequest, options: EditOptions): Promise<Release>
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

  /** Reads the app, lets `next` say what it becomes, and swaps; again when another writer was faster. */
  async function swap(id: string, options: EditOptions, next: (app: App) => Promise<Swap>): Promise<Release> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { doc, version } = await readApp(id)
      checkExpected(doc, options)
      const { pointers, release } = await next(doc)
      try {
        await apps.replace({ ...doc, ...pointers }, version)
        return release
      } catch (error) {
        if (!isProblem(error, 'precondition_failed')) throw error
      }
    }
    throw new Problem('release_raced', `The app "${id}" is being changed by others all the time.`)
  }

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
    edit: (id, change, options) =>
      swap(id, options, async (app) => {
        const parent = await releases.get(app.staging)
        const release = await releases.add({ ...parent, ...change(parent), parent: parent.id, by: options.by })
        return { pointers: { staging: release.id }, release }
      }),
    publish: (id, request, options) =>
      swap(id, options, async (app) => {
        const staging = await releases.get(app.staging)
        const merged = mergeParts({ staging, production: await productionOf(releases, app), request })
        const release =
          merged === staging ? staging : await releases.add({ ...merged, parent: app.production, by: options.by })
        return { pointers: { production: release.id }, release }
      }),
    async prune(keep) {
      const found = (await apps.find()).map(({ doc }) => doc)
      return releases.prune(found, keep)
    },
  }
}

interface Swap {
  readonly pointers: Partial<Pick<App, 'staging' | 'production'>>
  readonly release: Release
}

function pointedAt(app: App | undefined, stage: Stage): string | undefined {
  return app && (stage === 'staging' ? app.staging : (app.production ?? unpublished))
}

async function productionOf(releases: Releases, app: App): Promise<Release> {
  if (app.production !== null) return releases.get(app.production)
  return { ...emptyContent, id: unpublished, app: app.id, parent: null, at: app.createdAt, by: app.createdBy }
}

function checkExpected(app: App, { expected }: EditOptions): void {
  if (expected !== undefined && expected !== app.staging) {
    throw new Problem('precondition_failed', `The staging of "${app.id}" is at another release than the one you read.`)
  }
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
