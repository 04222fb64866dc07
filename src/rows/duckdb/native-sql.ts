import { type DuckDBType, DuckDBTypeId, type DuckDBValue, StatementType } from '@duckdb/node-api'
import { isProblem, Problem } from '../../base/index.ts'
import { type Batch, type Column, type ColumnType, duckdbDialect, renderSql, type Sql } from '../../pipeline/index.ts'
import type { Gate } from '../gate.ts'
import type { SqlOptions, Workbench } from '../port.ts'
import { abortProblem } from '../problems.ts'
import { bindAll, toValue } from './cells.ts'
import { openDatabase } from './database.ts'
import { createSession, type Session } from './session.ts'
import { fillWithBatches } from './stage-batches.ts'
import { beginBatches, type Input, tooManyRows, withoutColumns } from './workbench.ts'

/** The table of the rows so far. A native query names it like this; the name needs no quotes inside. */
const previous = '"##PREVIOUS_STEP##"'

export interface NativeSqlDeps {
  readonly memoryLimitBytes: number
  readonly threads: number
  /** A folder that does not exist yet; the database spills there. */
  spill(): string
  readonly gate: Gate
}

/**
 * Runs native queries, each in a database of its own in memory, which is locked down before the rows come in: a query cannot reach files,
 * other domains or the rows of somebody else, whatever it says.
 */
export function createNativeSql(deps: NativeSqlDeps): Workbench['runSql'] {
  return async function* run(text, input, options) {
    const { memoryLimitBytes, threads } = deps
    const instance = await openDatabase({ memoryLimitBytes, threads, spill: deps.spill(), folders: [] })
    try {
      const session = createSession(await instance.connect(), deps.gate, false)
      try {
        yield* answer(session, { text, input }, options)
      } finally {
        session.close()
      }
    } finally {
      instance.closeSync()
    }
  }
}

async function* answer(
  session: Session,
  { text, input }: { text: Sql; input: AsyncIterable<Batch> },
  { signal, maxRows }: SqlOptions,
): AsyncGenerator<Batch, void, undefined> {
  const begun = await beginBatches(input, { maxRows })
  try {
    await fill(session, begun, signal)
  } finally {
    await begun.end()
  }
  await session.run(`CREATE VIEW memory.main.${previous} AS SELECT * FROM memory.main.previous_step`, signal)
  const statement = renderSql(text, duckdbDialect.placeholder)
  const found = await shapeOf(session, statement).catch((error: unknown) => {
    throw nativeProblem(error, signal)
  })
  yield { columns: found, rows: [] }
  let count = 0
  try {
    for await (const chunk of session.chunks(statement, signal)) {
      count += chunk.rowCount
      if (count > maxRows) throw tooManyRows(maxRows)
      yield {
        columns: found,
        rows: chunk.getRows().map((row) => row.map((cell, at) => fitted(cell, found[at]?.type ?? 'text'))),
      }
    }
  } catch (error) {
    throw nativeProblem(error, signal)
  }
}

async function fill(session: Session, { columns, batches }: Input, signal: AbortSignal): Promise<void> {
  if (columns.length === 0) throw withoutColumns()
  const names = quotedNames(columns)
  const table = { catalog: 'memory', table: 'previous_step', columns, batches } as const
  await fillWithBatches(session, { ...table, names: (position) => names[position] ?? '' }, signal)
}

/** Names of people as columns: here they have to be, because the query is theirs. Errors: `query_failed` for two that DuckDB holds for one. */
function quotedNames(columns: readonly Column[]): string[] {
  const seen = new Map<string, string>()
  for (const { name } of columns) {
    const twin = seen.get(name.toLowerCase())
    if (twin !== undefined) {
      throw new Problem(
        'query_failed',
        `SQL cannot tell the columns "${twin}" and "${name}" apart: rename one before this step.`,
      )
    }
    if (name === '' || name.includes('\0')) {
      throw new Problem(
        'query_failed',
        'SQL takes no column with an empty name or a NUL in it: rename it before this step.',
      )
    }
    seen.set(name.toLowerCase(), name)
  }
  return columns.map(({ name }) => `"${name.replaceAll('"', '""')}"`)
}

async function shapeOf(session: Session, statement: ReturnType<typeof renderSql>): Promise<Column[]> {
  const prepared = await session.connection.prepare(statement.text)
  try {
    if (prepared.statementType !== StatementType.SELECT) {
      throw new Problem('query_failed', 'A native query is one statement that reads.')
    }
    bindAll(prepared, statement.values)
    const columns = Array.from({ length: prepared.columnCount }, (_, at) => ({
      name: prepared.columnName(at),
      type: columnType(prepared.columnType(at)),
    }))
    const names = columns.map(({ name }) => name)
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice !== undefined) throw new Problem('query_failed', `The query gives two columns "${twice}".`)
    return columns
  } finally {
    prepared.destroySync()
  }
}

const integers: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
])
const numbers: ReadonlySet<DuckDBTypeId> = new Set([DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE, DuckDBTypeId.DECIMAL])
const dates: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.DATE,
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.TIMESTAMP_TZ,
])

function columnType({ typeId }: DuckDBType): ColumnType {
  if (integers.has(typeId)) return 'integer'
  if (numbers.has(typeId)) return 'number'
  if (dates.has(typeId)) return 'date'
  return typeId === DuckDBTypeId.BOOLEAN ? 'boolean' : 'text'
}

const int64 = 2n ** 63n

/** A value of the column's type: what does not fit 64 bits is null, what is no plain value its text. */
function fitted(cell: DuckDBValue, type: ColumnType): Batch['rows'][number][number] {
  const value = toValue(cell, type)
  if (type === 'integer' && typeof value === 'bigint') return value >= -int64 && value < int64 ? value : null
  if (type === 'date') return value instanceof Date ? value : value === null ? null : dateOf(cell)
  return value
}

/** The kinds of timestamps that our own tables never have. */
function dateOf(cell: DuckDBValue): Date | null {
  const date = new Date(`${String(cell).replace(' ', 'T').replace(/\+00$/, '')}Z`)
  return Number.isNaN(date.getTime()) ? null : date
}

/** The query is the person's own, over rows that they see: what the database says about it is for them. */
function nativeProblem(error: unknown, signal: AbortSignal): Problem {
  if (isProblem(error)) return error
  if (signal.aborted) return abortProblem(signal)
  const message = error instanceof Error ? error.message.split('\n')[0] : ''
  return new Problem('query_failed', `The native query failed: ${message}`)
}
