import { Problem } from '../../base/index.ts'
import type { Batch, CompiledSql, Engine, Guarded, Query, Slice, SliceRequest } from '../../pipeline/index.ts'
import { type Deadline, startDeadline } from '../failure.ts'
import type { ConnectorDeps } from '../port.ts'
import { readCell } from './cells.ts'
import { compileFor } from './compile.ts'
import { queryProblem } from './failure.ts'
import { jsonRow, plainRow } from './json-rows.ts'
import { type PostgresSource, postgresCapabilities } from './schema.ts'
import type { Sessions } from './sessions.ts'
import { render } from './sources.ts'
import type { Transaction } from './transaction.ts'

/** Rows that are read at once when they are on their way somewhere else. */
const batchRows = 1000
/** Beyond the server's own timeout, for a server that does not answer at all. */
const graceMs = 5000

interface EngineDeps extends ConnectorDeps {
  readonly sessions: Sessions
}

/** An engine over these sources, by domain. It looks at them only when a query comes. */
export function createEngine(deps: EngineDeps, chosen: ReadonlyMap<string, PostgresSource>): Engine {
  const { limits, sessions, log, clock } = deps

  const within = (signal: AbortSignal): Deadline =>
    startDeadline(signal, limits.timeoutMs + graceMs, 'The database did not answer in time.')

  async function fetch(query: Guarded<Query>, slice: SliceRequest, signal: AbortSignal): Promise<Slice> {
    const started = performance.now()
    const deadline = within(signal)
    let transaction: Transaction | undefined
    let failure: unknown
    try {
      transaction = await sessions.begin(deadline.signal)
      const compiled = await compileFor(query, { sources: chosen, transaction, now: new Date(clock.now()) })
      const compiledAt = performance.now()
      const answer = await readPage({ compiled, transaction, limits }, slice)
      return { ...answer, stats: { compile: compiledAt - started, execute: performance.now() - compiledAt } }
    } catch (error) {
      failure = error
      throw queryProblem(error, deadline.signal, log)
    } finally {
      await transaction?.end(failure)
      deadline.end()
    }
  }

  async function* stream(query: Guarded<Query>, signal: AbortSignal): AsyncGenerator<Batch, void, undefined> {
    const deadline = within(signal)
    let transaction: Transaction | undefined
    let failure: unknown
    try {
      transaction = await sessions.begin(deadline.signal)
      const compiled = await compileFor(query, { sources: chosen, transaction, now: new Date(clock.now()) })
      const columns = compiled.columns.map(({ name, type }) => ({ name, type }))
      const types = columns.map(({ type }) => type)
      let count = 0
      for await (const rows of transaction.batches(render(compiled.rows(all, plainRow)), batchRows)) {
        count += rows.length
        if (count > limits.maxRows) throw tooMany(`more than ${limits.maxRows} rows`)
        yield { columns, rows: rows.map((row) => types.map((type, at) => readCell(row[at] ?? null, type))) }
      }
      if (count === 0) yield { columns, rows: [] }
    } catch (error) {
      failure = error
      throw queryProblem(error, deadline.signal, log)
    } finally {
      await transaction?.end(failure)
      deadline.end()
    }
  }

  return { capabilities: postgresCapabilities, fetch, stream }
}

const all = { offset: 0, limit: null }

interface Page {
  readonly compiled: CompiledSql
  readonly transaction: Transaction
  readonly limits: ConnectorDeps['limits']
}

/** A page of JSON and, unless it shows the last row, the number of all rows: in the same transaction, so that they fit together. */
async function readPage({ compiled, transaction, limits }: Page, slice: SliceRequest): Promise<Omit<Slice, 'stats'>> {
  const limit = Math.min(slice.limit ?? slice.maxRows, slice.maxRows, limits.maxRows)
  const texts: string[] = []
  let bytes = 0
  let read = 0
  await transaction.run(render(compiled.rows({ offset: slice.offset, limit: limit + 1 }, jsonRow)), ([text = '']) => {
    read += 1
    if (read > limit || text === null) return
    bytes += Buffer.byteLength(text) + 1
    if (bytes > limits.maxBytes) throw tooMany(`more than ${limits.maxBytes} bytes`)
    texts.push(text)
  })
  const count = texts.length
  const more = read > limit
  const shown = !more && (count > 0 || slice.offset === 0) ? slice.offset + count : undefined
  return {
    columns: compiled.columns.map(({ name, type }) => ({ name, type })),
    rows: Buffer.from(`[${texts.join(',')}]`),
    count,
    page: {
      offset: slice.offset,
      limit: slice.limit,
      total: shown ?? (await countAll(compiled, transaction)),
      truncated: more && limit !== slice.limit,
    },
  }
}

async function countAll(compiled: CompiledSql, transaction: Transaction): Promise<number> {
  let total = 0
  await transaction.run(render(compiled.count()), ([text = null]) => {
    total = Number(text)
  })
  return total
}

function tooMany(what: string): Problem {
  return new Problem('too_many_rows', `The answer of the database has ${what}; \`connections\` has the limits.`)
}
