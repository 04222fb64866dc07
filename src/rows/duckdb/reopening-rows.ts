import { isProblem, type Log } from '../../base/index.ts'
import type { Engine } from '../../pipeline/index.ts'
import type { Rows } from '../port.ts'
import { kindOf } from './failure.ts'

interface ReopeningDeps {
  /** Opens the rows anew. Versions are files of their own, so nothing of them is lost. */
  open(): Promise<Rows>
  readonly log: Log
}

interface Generation {
  readonly rows: Promise<Rows>
  users: number
  state: 'good' | 'broken' | 'closed'
}

/**
 * Rows that are opened anew after an error that DuckDB does not recover from: it refuses everything from then on. What met the error
 * fails, and so does what else was being queried; what comes later waits until the rows are open again. Versions that are being made
 * are in databases of their own, and go on: the broken rows are closed when nobody uses them any more.
 */
export async function createReopeningRows(deps: ReopeningDeps): Promise<Rows> {
  const first = await deps.open()
  const { use, stream, close } = createGenerations(first, deps)
  let closed: Promise<void> | undefined
  return {
    kind: first.kind,
    ingest: (...asked) => use((rows) => rows.ingest(...asked)),
    write: (...asked) => use((rows) => rows.write(...asked)),
    describe: (version) => use((rows) => rows.describe(version)),
    retain: (...asked) => use((rows) => rows.retain(...asked)),
    engine: engineOf(first, { use, stream }, (rows, versions: ReadonlyMap<string, string>) => rows.engine(versions)),
    workbench: {
      hasVersions: first.workbench.hasVersions,
      load: (...asked) => use((rows) => rows.workbench.load(...asked)),
      runSql: (...asked) => stream((rows) => rows.workbench.runSql(...asked)),
      runStages: (...asked) => use((rows) => rows.workbench.runStages(...asked)),
      engine: (...asked) => engineOf(first, { use, stream }, (rows) => rows.workbench.engine(...asked))(),
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

function begin({ open, log }: ReopeningDeps): Generation {
  const begun: Generation = { rows: open(), users: 0, state: 'good' }
  begun.rows.catch((error: unknown) => {
    log.error({ err: error }, 'DuckDB could not be opened anew; the next query tries again')
    begun.state = 'broken'
  })
  return begun
}

/** The rows that are open, and those before them that somebody still uses. */
function createGenerations(first: Rows, deps: ReopeningDeps): Uses & { close(): Promise<void> } {
  let current: Generation = { rows: Promise.resolve(first), users: 0, state: 'good' }
  const broken = new Set<Promise<void>>()
  let closed = false

  /** Many may meet the error of one generation: it is replaced once. */
  function replace(generation: Generation, error: unknown): void {
    if (generation !== current || closed) return
    deps.log.error({ err: error }, 'DuckDB met an error that it does not recover from, and is opened anew')
    generation.state = 'broken'
    current = begin(deps)
  }

  function enter(): Generation {
    if (current.state !== 'good' && !closed) current = begin(deps)
    current.users++
    return current
  }

  function leave(generation: Generation): void {
    generation.users--
    if (generation.users > 0 || generation.state !== 'broken') return
    generation.state = 'closed'
    const closing = generation.rows.then((rows) => rows.close()).catch(() => {})
    broken.add(closing)
    void closing.finally(() => broken.delete(closing))
  }

  async function use<R>(work: (rows: Rows) => Promise<R>): Promise<R> {
    const generation = enter()
    try {
      return await work(await generation.rows)
    } catch (error) {
      if (isFatal(error)) replace(generation, error)
      throw error
    } finally {
      leave(generation)
    }
  }

  async function* stream<T>(work: (rows: Rows) => AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    const generation = enter()
    try {
      yield* work(await generation.rows)
    } catch (error) {
      if (isFatal(error)) replace(generation, error)
      throw error
    } finally {
      leave(generation)
    }
  }

  async function close(): Promise<void> {
    closed = true
    const rows = await current.rows.catch(() => undefined)
    await rows?.close()
    await Promise.all(broken)
  }

  return { use, stream, close }
}

interface Uses {
  use<R>(work: (rows: Rows) => Promise<R>): Promise<R>
  stream<T>(work: (rows: Rows) => AsyncIterable<T>): AsyncIterable<T>
}

/** An engine that is of the rows that are open when a query comes. */
function engineOf<A extends unknown[]>(first: Rows, { use, stream }: Uses, make: (rows: Rows, ...asked: A) => Engine) {
  const { capabilities } = first.engine(new Map())
  return (...asked: A): Engine => ({
    capabilities,
    fetch: (...query) => use((rows) => make(rows, ...asked).fetch(...query)),
    stream: (...query) => stream((rows) => make(rows, ...asked).stream(...query)),
  })
}

/** DuckDB says FATAL of the error itself and of everything that it refuses afterwards. */
function isFatal(error: unknown): boolean {
  return kindOf(isProblem(error) ? error.cause : error) === 'FATAL'
}
