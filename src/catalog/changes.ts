import { type Clock, isProblem, Problem } from '../base/index.ts'
import type { Collection, Stored } from '../store/index.ts'
import { fenceOf, markEffect, type OperationAttempt, raiseFence } from './fences.ts'
import { productionOf } from './production.ts'
import { mergeParts } from './publish.ts'
import type { App, Change, PublishRequest, Release } from './release.ts'
import type { Releases } from './releases.ts'

/** How often an edit is repeated when somebody else moved the pointer between reading and writing. */
const attempts = 20

export interface EditOptions {
  readonly by: string
  /** The id of the release that the editor had read: `precondition_failed` when staging points elsewhere. */
  readonly expected?: string | undefined
  /**
   * The change is the effect of this operation, which `begin` was called for: it is made once, however often the operation is run.
   * Errors: `precondition_failed` when a later attempt has begun.
   */
  readonly operation?: OperationAttempt
}

/** What moves the pointers of an app. */
export interface Changes {
  /**
   * Makes a new release from staging's and moves the staging pointer to it. `change` may run several times: it must depend on its
   * argument only. Errors: `not_found`, `precondition_failed` (see `EditOptions`), `release_raced`.
   */
  edit(app: string, change: (release: Release) => Change, options: EditOptions): Promise<Release>
  /**
   * Moves the production pointer. Errors: `not_found`, `invalid_request` (a part that staging lacks), `not_loaded` (a domain without rows),
   * `precondition_failed`, `release_raced`.
   */
  publish(app: string, request: PublishRequest, options: EditOptions): Promise<Release>
  /**
   * To be called first by each attempt of an operation that will change the app: from then on no earlier one can. Answers the release that
   * was its effect, when an earlier one had it: then nothing is left to do. Errors: `not_found`, `precondition_failed` for an attempt
   * that a later one has overtaken, `release_raced`.
   */
  begin(app: string, operation: OperationAttempt): Promise<Release | null>
}

interface ChangesDeps {
  readonly apps: Pick<Collection<App>, 'replace'>
  readonly releases: Releases
  /** Errors: `not_found`. */
  readonly readApp: (id: string) => Promise<Stored<App>>
  readonly clock: Clock
}

export function createChanges({ apps, releases, readApp, clock }: ChangesDeps): Changes {
  /** Reads the app, lets `next` say what of it becomes what, and swaps; again when another writer was faster. */
  async function swap<R>(id: string, next: (app: App) => Promise<Swap<R>>): Promise<R> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { doc, version } = await readApp(id)
      const { fields, answer } = await next(doc)
      try {
        if (fields) await apps.replace({ ...doc, ...fields }, version)
        return answer
      } catch (error) {
        if (!isProblem(error, 'precondition_failed')) throw error
      }
    }
    throw new Problem('release_raced', `The app "${id}" is being changed by others all the time.`)
  }

  /** A change that makes a release: what `next` gives becomes the pointers, and the fence tells of it. */
  function change(id: string, options: EditOptions, next: (app: App) => Promise<Pointed>): Promise<Release> {
    const { operation } = options
    return swap(id, async (app) => {
      const done = operation && fenceOf(app, operation)?.release
      if (done) return { answer: await releases.get(done) }
      checkExpected(app, options)
      const { pointers, release } = await next(app)
      return {
        fields: { ...pointers, ...(operation && { fences: markEffect(app, operation, release.id) }) },
        answer: release,
      }
    })
  }

  return {
    edit: (id, edit, options) =>
      change(id, options, async (app) => {
        const parent = await releases.get(app.staging)
        const release = await releases.add({ ...madeFrom(parent, options), ...edit(parent) })
        return { pointers: { staging: release.id }, release }
      }),
    publish: (id, request, options) =>
      change(id, options, async (app) => {
        const [staging, production] = [await releases.get(app.staging), await productionOf(releases, app)]
        const merged = mergeParts({ staging, production, request })
        const made = { ...madeFrom(production, options), ...merged, parent: app.production }
        const release = merged === staging ? staging : await releases.add(made)
        return { pointers: { production: release.id }, release }
      }),
    begin: (id, operation) =>
      swap(id, async (app) => {
        const done = fenceOf(app, operation)?.release
        const fences = raiseFence(app, operation, clock.now())
        return { fields: { fences }, answer: done ? await releases.get(done) : null }
      }),
  }
}

interface Swap<R> {
  /** Without them nothing is written. */
  readonly fields?: Partial<Pick<App, 'staging' | 'production' | 'fences'>>
  readonly answer: R
}

interface Pointed {
  readonly pointers: Partial<Pick<App, 'staging' | 'production'>>
  readonly release: Release
}

/** The same content with another author: what made the parent did not make this one. */
function madeFrom({ id, app, domains, permissions, queries }: Release, { by, operation }: EditOptions) {
  return { app, domains, permissions, queries, parent: id, by, ...(operation && { operation: operation.id }) }
}

function checkExpected(app: App, { expected }: EditOptions): void {
  if (expected !== undefined && expected !== app.staging) {
    throw new Problem('precondition_failed', `The staging of "${app.id}" is at another release than the one you read.`)
  }
}
