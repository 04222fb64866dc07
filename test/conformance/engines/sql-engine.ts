import {
  type Bound,
  type ColumnType,
  compileSql,
  type Query,
  renderSql,
  type SqlDialect,
  type SqlSource,
  settleQuery,
  type Value,
} from '../../../src/pipeline/index.ts'
import type { TestBench } from '../../builders/test-bench.ts'
import type { ConformanceCase } from '../load-cases.ts'
import { fixtureNow, queryOf, tablesOf } from '../prepare.ts'
import type { Table } from '../table.ts'
import type { OpenEngine } from './engine.ts'

/** A connection to a database, with what the fixtures need of it. */
export interface SqlSession {
  execute(text: string): Promise<void>
  /** Rows of a statement with its values; `types` are those of the answer's columns. */
  query(text: string, values: readonly Bound[], types: readonly ColumnType[]): Promise<readonly (readonly Value[])[]>
  /** Writes rows into a table whose columns are in the order of the types. */
  insert(table: string, types: readonly ColumnType[], rows: readonly (readonly Value[])[]): Promise<void>
  close(): Promise<void>
}

export interface SqlPlace {
  readonly dialect: SqlDialect
  /** What the database calls the types. */
  readonly types: Readonly<Record<ColumnType, string>>
  /** A schema or database of this run: all its tables are in there. */
  readonly schema: string
  /** Runs what SQL cannot. */
  readonly bench: TestBench
}

/** Runs fixtures as SQL: their tables are made under generated names, with a column that numbers the rows. */
export function createSqlEngine(session: SqlSession, { dialect, types, schema, bench }: SqlPlace): OpenEngine {
  async function create(name: string, table: Table): Promise<SqlSource> {
    const path = `${schema}.${name}`
    const columns = table.columns.map((column, index) => ({ ...column, id: dialect.quote(`Value ${index}`) }))
    const defined = columns.map(({ id, type }) => `${id} ${types[type]}`)
    await session.execute(`CREATE TABLE ${path} (${[`n0 ${types.integer}`, ...defined].join(', ')})`)
    const rows = table.rows.map((row, index) => [index, ...row])
    await session.insert(path, ['integer', ...table.columns.map(({ type }) => type)], rows)
    return { table: { texts: [path], values: [] }, columns, rowOrder: 'n0' }
  }

  async function run(fixture: ConformanceCase): Promise<Table> {
    const query = queryOf(fixture)
    const sources = new Map<string, SqlSource>()
    const made: string[] = []
    try {
      for (const [domain, table] of tablesOf(fixture, query)) {
        made.push(`t${made.length}`)
        sources.set(domain, await create(`t${made.length - 1}`, table))
      }
      const source = (domain: string): SqlSource => {
        const found = sources.get(domain)
        if (!found) throw new Error(`the pipeline reads "${domain}" without saying so`)
        return found
      }
      const answer = async (asked: Query, limit: number | null): Promise<Table> => {
        const compiled = compileSql(asked, { source, dialect, now: fixtureNow })
        const columns = compiled.columns.map(({ name, type }) => ({ name, type }))
        const { text, values } = renderSql(compiled.rows({ offset: 0, limit }), dialect.placeholder)
        const rows = await session.query(
          text,
          values,
          columns.map(({ type }) => type),
        )
        return { columns, rows }
      }
      return await bench.run(query, 'all', async (part) => {
        const settled = await settleQuery(part, async (question, most) =>
          (await answer(question, most)).rows.map(([value = null]) => value),
        )
        return answer(settled, null)
      })
    } finally {
      for (const name of made) await session.execute(`DROP TABLE IF EXISTS ${schema}.${name}`)
    }
  }

  return {
    run,
    close: async () => {
      await session.close()
      await bench.close()
    },
  }
}
