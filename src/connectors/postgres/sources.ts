import { Problem } from '../../base/index.ts'
import {
  type ColumnType,
  identifier,
  joinSql,
  postgresDialect,
  renderSql,
  type Sql,
  type SqlColumn,
  type SqlSource,
  sql,
} from '../../pipeline/index.ts'
import type { PostgresSource } from './schema.ts'
import type { Transaction } from './transaction.ts'

/** By the numbers of the server's types. What is not here, is text. */
const types: ReadonlyMap<number, ColumnType> = new Map([
  [16, 'boolean'],
  [20, 'integer'],
  [21, 'integer'],
  [23, 'integer'],
  [26, 'integer'],
  [700, 'number'],
  [701, 'number'],
  [1700, 'number'],
  [1082, 'date'],
  [1114, 'date'],
  [1184, 'date'],
])
const numeric = 1700

/** What a domain reads, with the columns that it has now. Errors: `query_failed` for columns that cannot be told apart by their names. */
export async function describeSource(source: PostgresSource, transaction: Transaction): Promise<SqlSource> {
  const rows = rowsOf(source)
  const fields = await transaction.run(render(sql`SELECT * FROM ${rows} LIMIT 0`), () => {})
  const seen = new Set<string>()
  for (const { name } of fields) {
    if (name === '?column?') throw nameProblem('has a column without a name: give it one with AS.')
    if (seen.has(name)) throw nameProblem(`has more than one column "${name}": give them different names with AS.`)
    seen.add(name)
  }
  if (fields.length === 0) throw nameProblem('has no columns.')
  const columns = fields.map(({ name, dataTypeID }) => {
    const column: SqlColumn = { id: postgresDialect.quote(name), name, type: types.get(dataTypeID) ?? 'text' }
    return { column, isNumeric: dataTypeID === numeric }
  })
  const list = joinSql(
    columns.map(({ column, isNumeric }) => heldValue(column, isNumeric)),
    ', ',
  )
  return {
    table: sql`(SELECT ${list} FROM ${rows}) AS source`,
    columns: columns.map(({ column }) => column),
  }
}

export function render(fragment: Sql) {
  return renderSql(fragment, postgresDialect.placeholder)
}

function rowsOf(source: PostgresSource): Sql {
  // The line break is for a comment that the statement might end with, if it were not without comments.
  if ('native' in source)
    return sql`(${source.native}
) AS native`
  const { quote } = postgresDialect
  return sql`${identifier(quote(source.schema))}.${identifier(quote(source.table))}`
}

/** A column with null for what no type of ours holds: endless dates, and decimal numbers beyond the doubles. */
function heldValue({ id, type }: SqlColumn, isNumeric: boolean): Sql {
  const column = identifier(id)
  if (type === 'date') {
    return sql`CASE WHEN ${column} BETWEEN '4713-01-01 BC' AND '275760-09-12' THEN ${column} END AS ${column}`
  }
  if (!isNumeric) return column
  return sql`CASE WHEN ${column} BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308 THEN ${column} END AS ${column}`
}

function nameProblem(what: string): Problem {
  return new Problem('query_failed', `What the domain reads ${what}`)
}
