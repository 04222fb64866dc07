import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBInstance,
  DuckDBTimestampValue,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import {
  type Bound,
  type Column,
  type ColumnType,
  type Condition,
  compileSql,
  duckdbDialect,
  mapDomainSteps,
  parsePipeline,
  planQuery,
  type Query,
  renderPipeline,
  renderSql,
  type SqlSource,
  settleQuery,
  type TemplateVariables,
  type Value,
} from '../../src/pipeline/index.ts'

import { capabilitiesOf, openTestBench } from './test-bench.ts'

export interface TableForTest {
  readonly columns: { readonly [name: string]: ColumnType }
  readonly rows: readonly (readonly Value[])[]
}

export interface AskOptions {
  readonly variables?: TemplateVariables
  readonly rules?: { readonly [domain: string]: Condition }
  readonly now?: Date
  /** The steps that are pushed to the database; the rest runs on the workbench. Default: all. */
  readonly steps?: ReadonlySet<string>
}

/** Domains in an in-memory DuckDB, for suites that run compiled pipelines. */
export interface MemoryTables {
  /** The rows of a pipeline as a client would send it, which begins with a domain step. */
  ask(pipeline: unknown, options?: AskOptions): Promise<{ columns: Column[]; rows: Value[][] }>
  source(domain: string): SqlSource
  close(): void
}

const physical = { integer: BIGINT, number: DOUBLE, text: VARCHAR, boolean: BOOLEAN, date: TIMESTAMP }

export async function memoryTables(tables: { readonly [domain: string]: TableForTest }): Promise<MemoryTables> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  const sources = new Map<string, SqlSource>()
  for (const [index, [domain, table]] of Object.entries(tables).entries()) {
    sources.set(domain, await createTable(connection, `data${index}`, table))
  }
  const source = (domain: string): SqlSource => {
    const found = sources.get(domain)
    if (!found) throw new Error(`The test has no domain ${domain}.`)
    return found
  }
  return {
    source,
    ask: async (pipeline, { variables = {}, rules = {}, now = new Date(), steps } = {}) => {
      const rendered = renderPipeline(parsePipeline(pipeline, {}), variables, now)
      const guarded = mapDomainSteps(rendered, (step) => ({ ...step, rule: rules[step.domain] ?? { always: true } }))
      const run = async (query: Query, limit: number | null) => {
        const compiled = compileSql(query, { source, dialect: duckdbDialect, now })
        const { text, values } = renderSql(compiled.rows({ offset: 0, limit }), duckdbDialect.placeholder)
        const types = values.map(({ type }) => physical[type])
        const result = await connection.runAndReadAll(text, values.map(toCell), types)
        const columns = compiled.columns.map(({ name, type }) => ({ name, type }))
        return { columns, rows: result.getRows().map((row) => row.map((cell) => fromCell(cell))) }
      }
      const answer = async (part: Query) => {
        const settled = await settleQuery(part, async (question, most) => {
          return (await run(question, most)).rows.map(([value = null]) => value)
        })
        return run(settled, null)
      }
      const place = { id: 'memory', capabilities: capabilitiesOf(steps ?? 'all'), isWorkbench: false }
      const query = { pipeline: guarded }
      if (planQuery(query, () => place).plan.kind === 'fetch') return answer(query)
      const bench = await openTestBench()
      try {
        const { columns, rows } = await bench.run(query, steps ?? 'all', answer)
        return { columns: [...columns], rows: rows.map((row) => [...row]) }
      } finally {
        await bench.close()
      }
    },
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

async function createTable(connection: DuckDBConnection, name: string, table: TableForTest): Promise<SqlSource> {
  const columns = Object.entries(table.columns).map(([column, type], index) => ({
    name: column,
    type,
    id: `"p${index}"`,
  }))
  const list = columns.map(({ id, type }) => `${id} ${physical[type]}`).join(', ')
  await connection.run(`CREATE TABLE main.${name} (${list})`)
  const placeholders = columns.map((_, index) => `$${index + 1}`).join(', ')
  const types = columns.map(({ type }) => physical[type])
  const insert = await connection.prepare(`INSERT INTO main.${name} VALUES (${placeholders})`)
  for (const row of table.rows) {
    const cells = columns.map(({ type }, index) => toCell({ value: row[index] ?? null, type }))
    insert.bind(cells, types)
    await insert.run()
  }
  return { table: { texts: [`main.${name}`], values: [] }, columns, rowOrder: 'rowid' }
}

function toCell({ value, type }: Bound) {
  if (value instanceof Date) return new DuckDBTimestampValue(BigInt(value.getTime()) * 1000n)
  return type === 'integer' && typeof value === 'number' ? BigInt(value) : value
}

function fromCell(cell: unknown): Value {
  if (cell instanceof DuckDBTimestampValue) return new Date(Number(cell.micros / 1000n))
  if (typeof cell === 'bigint') return Number.isSafeInteger(Number(cell)) ? Number(cell) : cell
  if (cell === null || typeof cell === 'string' || typeof cell === 'number' || typeof cell === 'boolean') return cell
  throw new Error('The database gave a value of a type that no column has.')
}
