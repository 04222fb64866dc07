import { type Log, Problem } from '../../base/index.ts'
import {
  type Batch,
  type Capabilities,
  type Column,
  type CompiledSql,
  compileSql,
  duckdbDialect,
  type Engine,
  type Guarded,
  type Query,
  type Slice,
  type SliceRequest,
  type SqlOptions,
  type SqlSource,
  settleQuery,
  sourcesOf,
} from '../../pipeline/index.ts'
import type { Attachments, Loan } from './attachments.ts'
import { toValue } from './cells.ts'
import { queryProblem } from './failure.ts'
import { columnId } from './quoting.ts'
import { readPage, render, type SmallPages, type WithSession } from './read-page.ts'
import type { Session } from './session.ts'
import { catalogOf } from './version-file.ts'

const capabilities: Capabilities = {
  steps: 'all',
  filter: true,
  sort: true,
  page: true,
  count: true,
  cancel: true,
  stream: true,
}

interface EngineDeps {
  readonly attachments: Attachments
  readonly withSession: WithSession
  /** A session that the caller closes. */
  openSession(): Promise<Session>
  now(): number
  readonly log: Log
  readonly smallPages: SmallPages
}

/** What an engine reads, by the name that a query has for it. */
export interface Chosen {
  readonly versions: ReadonlyMap<string, string>
  /** Tables that are there for this query only. */
  readonly tables?: ReadonlyMap<string, SqlSource>
}

/** An engine over these versions and tables. It looks at them only when a query comes. */
export function createEngine(deps: EngineDeps, chosen: Chosen): Engine {
  async function compile(query: Query, loans: ReadonlyMap<string, Loan>, signal: AbortSignal): Promise<CompiledSql> {
    const options = optionsFor(loans, chosen.tables, deps.now())
    const settled = await settleQuery(query, async (question, most) => {
      const compiled = compileSql(question, options)
      const statement = render(compiled.rows({ offset: 0, limit: most }))
      const rows = await deps.withSession(async (session) => (await session.run(statement, signal)).getRows())
      return rows.map(([cell = null]) => toValue(cell, typeAt(compiled.columns, 0)))
    })
    return compileSql(settled, options)
  }

  async function fetch(query: Guarded<Query>, slice: SliceRequest, signal: AbortSignal): Promise<Slice> {
    const started = performance.now()
    const loans = await borrowAll(deps.attachments, chosen, query)
    try {
      const compiled = await compile(query, loans, signal)
      const compiledAt = performance.now()
      const answer = await readPage(deps.withSession, { compiled, slice, signal, small: deps.smallPages })
      return { ...answer, stats: { compile: compiledAt - started, execute: performance.now() - compiledAt } }
    } catch (error) {
      throw queryProblem(error, deps.log)
    } finally {
      endAll(loans)
    }
  }

  async function* stream(query: Guarded<Query>, signal: AbortSignal): AsyncGenerator<Batch, void, undefined> {
    const loans = await borrowAll(deps.attachments, chosen, query)
    let session: Session | undefined
    try {
      const compiled = await compile(query, loans, signal)
      const columns = compiled.columns.map(({ name, type }) => ({ name, type }))
      session = await deps.openSession()
      const statement = render(compiled.rows({ offset: 0, limit: null }))
      let told = false
      for await (const chunk of session.chunks(statement, signal)) {
        told = true
        yield { columns, rows: chunk.getRows().map((row) => row.map((cell, at) => toValue(cell, typeAt(columns, at)))) }
      }
      if (!told) yield { columns, rows: [] }
    } catch (error) {
      throw queryProblem(error, deps.log)
    } finally {
      session?.close()
      endAll(loans)
    }
  }

  return { capabilities, fetch, stream }
}

function typeAt(columns: readonly Column[], position: number): Column['type'] {
  return columns[position]?.type ?? 'text'
}

async function borrowAll(attachments: Attachments, { versions, tables }: Chosen, query: Query) {
  const loans = new Map<string, Loan>()
  try {
    for (const domain of sourcesOf(query.pipeline)) {
      if (tables?.has(domain)) continue
      const version = versions.get(domain)
      const loan = version === undefined ? null : await attachments.borrow(version)
      if (loan === null) throw new Problem('storage_failed', `The rows of the domain "${domain}" are not there.`)
      loans.set(domain, loan)
    }
    return loans
  } catch (error) {
    endAll(loans)
    throw error
  }
}

function endAll(loans: ReadonlyMap<string, Loan>): void {
  for (const loan of loans.values()) loan.end()
}

function optionsFor(loans: ReadonlyMap<string, Loan>, tables: Chosen['tables'], now: number): SqlOptions {
  const source = (domain: string): SqlSource => {
    const table = tables?.get(domain)
    if (table) return table
    const loan = loans.get(domain)
    if (loan === undefined) throw new Problem('internal', 'A domain was compiled that the query does not name.')
    return sourceOf(loan)
  }
  return { source, dialect: duckdbDialect, now: new Date(now) }
}

function sourceOf({ info, lists }: Loan): SqlSource {
  return {
    table: { texts: [`${catalogOf(info.version)}.main.data`], values: [] },
    columns: info.columns.map((column, position) => ({ ...column, id: columnId(position) })),
    rowOrder: 'rowid',
    ...(lists ? { lists } : {}),
  }
}
