import { DuckDBBlobValue } from '@duckdb/node-api'
import { LRUCache } from 'lru-cache'
import {
  type CompiledSql,
  duckdbDialect,
  renderSql,
  type Slice,
  type SliceRequest,
  type Sql,
} from '../../pipeline/index.ts'
import { startCount } from '../early-count.ts'
import { jsonPage } from './json-rows.ts'
import { printRows } from './print-page.ts'
import type { Session } from './session.ts'
import type { Statement } from './statements.ts'

/** Runs `use` with a session that nobody else uses meanwhile. */
export type WithSession = <R>(use: (session: Session) => Promise<R>) => Promise<R>

/** Statements whose pages had few rows when they last ran. */
export type SmallPages = LRUCache<string, true>

export function createSmallPages(): SmallPages {
  return new LRUCache({ max: 1000 })
}

/**
 * A page of so few cells is printed here: making DuckDB plan the printing takes longer than that. More would hold up the other requests
 * of this process for more than some milliseconds.
 */
const fewCells = 20_000

interface PageRequest {
  readonly small: SmallPages
  readonly compiled: CompiledSql
  readonly slice: SliceRequest
  readonly signal: AbortSignal
}

export function render(fragment: Sql): Statement {
  return renderSql(fragment, duckdbDialect.placeholder)
}

/** Reads a page of JSON and, unless it shows the last row, counts them all: at the same time, on another connection. */
export async function readPage(withSession: WithSession, request: PageRequest): Promise<Omit<Slice, 'stats'>> {
  const { compiled, slice, signal } = request
  const countAll = () => startCount((given) => countRows(withSession, compiled, given), signal)
  // Without a limit the page shows all rows nearly always.
  const early = slice.limit === null ? undefined : countAll()
  try {
    const limit = Math.min(slice.limit ?? slice.maxRows, slice.maxRows)
    const { parts, read } = await readParts(withSession, request, limit)
    const count = Math.min(read, limit)
    const more = read > limit
    const shown = !more && (count > 0 || slice.offset === 0) ? slice.offset + count : undefined
    const total = shown ?? (await (early ?? countAll()).total)
    const truncated = more && limit !== slice.limit
    return {
      columns: compiled.columns.map(({ name, type }) => ({ name, type })),
      rows: joinParts(parts),
      count,
      page: { offset: slice.offset, limit: slice.limit, total, truncated },
    }
  } finally {
    await early?.stop()
  }
}

interface Page {
  readonly parts: readonly Uint8Array[]
  /** One more than the limit when there are more. */
  readonly read: number
}

/**
 * The rows as JSON: printed by DuckDB, or here when there were few of them the last time. Both print the same bytes. Should there be many
 * after all, they are read once more, and by DuckDB from then on.
 */
async function readParts(withSession: WithSession, request: PageRequest, limit: number): Promise<Page> {
  const { compiled, slice, signal, small } = request
  const plain = render(compiled.rows({ offset: slice.offset, limit: limit + 1 }))
  const isSmall = (rows: number) => rows * compiled.columns.length <= fewCells
  if (small.get(plain.text)) {
    const result = await withSession((session) => session.run(plain, signal))
    if (isSmall(result.rowCount)) {
      const printed = printRows(await result.fetchAllChunks(), compiled.columns, limit)
      return { parts: printed.length > 0 ? [printed] : [], read: result.rowCount }
    }
    small.delete(plain.text)
  }
  const page = await printByDuckdb(withSession, request, limit)
  if (isSmall(page.read)) small.set(plain.text, true)
  return page
}

async function printByDuckdb(
  withSession: WithSession,
  { compiled, slice, signal }: PageRequest,
  limit: number,
): Promise<Page> {
  const statement = render(jsonPage(compiled, slice.offset, limit))
  const result = await withSession((session) => session.run(statement, signal))
  const parts: Uint8Array[] = []
  let read = 0
  for (const [part, rows] of await result.getRows()) {
    if (part instanceof DuckDBBlobValue) parts.push(part.bytes)
    read += Number(rows)
  }
  return { parts, read }
}

function joinParts(parts: readonly Uint8Array[]): Buffer {
  const comma = Buffer.from(',')
  const separated = parts.flatMap((part, index) => (index === 0 ? [part] : [comma, part]))
  return Buffer.concat([Buffer.from('['), ...separated, Buffer.from(']')])
}

async function countRows(withSession: WithSession, compiled: CompiledSql, signal: AbortSignal): Promise<number> {
  const statement = render(compiled.count())
  const result = await withSession((session) => session.run(statement, signal))
  return Number((await result.getRows())[0]?.[0])
}
