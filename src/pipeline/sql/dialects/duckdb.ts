import type { ColumnType } from '../../values.ts'
import type { SqlDialect } from '../dialect.ts'
import { keyword, type Sql, sql } from '../fragment.ts'
import { textOf } from './duckdb/convert.ts'
import { duckdbGroups } from './duckdb/groups.ts'
import { duckdbText } from './duckdb/text.ts'

/** The physical types that columns of a source must have. A text may also be an ENUM: it is compared and ordered as its text. */
const types: { readonly [T in ColumnType]: string } = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  text: 'VARCHAR',
  boolean: 'BOOLEAN',
  date: 'TIMESTAMP',
}

/** DuckDB 1.5. Scan order holds while `preserve_insertion_order` is on, which is its default. */
export const duckdbDialect: SqlDialect = {
  name: 'duckdb',
  groups: duckdbGroups,
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  placeholder: (n, type) => `CAST($${n} AS ${types[type]})`,
  nullOf: (type) => ({ texts: [`CAST(NULL AS ${types[type]})`], values: [] }),
  keepsScanOrder: true,
  materialized: sql`AS MATERIALIZED`,
  orderKey: (key, descending, nulls) => {
    if (nulls === 'first') return descending ? sql`${key} DESC NULLS FIRST` : sql`${key} ASC NULLS FIRST`
    return descending ? sql`${key} DESC NULLS LAST` : sql`${key} ASC NULLS LAST`
  },
  isSame: (a, b) => sql`${a} IS NOT DISTINCT FROM ${b}`,
  search: (text, pattern) => sql`regexp_matches(${text}, ${pattern})`,
  textOf,
  operate: (operator, [a, b], type) => {
    if (type === 'text') return sql`(${a} || ${b})`
    if (operator === '/') return sql`(CAST(${a} AS DOUBLE) / nullif(CAST(${b} AS DOUBLE), 0))`
    const [left, right] = type === 'integer' ? [wide(a), wide(b)] : [a, b]
    const divisor = operator === '%' ? sql`nullif(${right}, 0)` : right
    const result = sql`(${left} ${keyword(operator)} ${divisor})`
    return type === 'integer' ? narrow(result) : result
  },
  negate: (a, type) => (type === 'integer' ? narrow(sql`-${wide(a)}`) : sql`(-${a})`),
  finite,
  sum: (value, type) => {
    // The sum of BIGINT is a HUGEINT.
    if (type === 'integer') return narrow(sql`coalesce(sum(${value}), 0)`)
    return finite(sql`coalesce(sum(${value}), CAST(0 AS DOUBLE))`)
  },
  average: (value) => finite(sql`avg(${value})`),
  first: (value, order) => {
    const ordered = order ? sql`first(${value} ORDER BY ${order})` : sql`first(${value})`
    return sql`${ordered} FILTER (WHERE ${value} IS NOT NULL)`
  },
  text: duckdbText,
}

/**
 * Two 64 bit integers never overflow 128 bits, and what does not fit back becomes null. Not TRY: the optimiser moves expressions that
 * occur twice out of it, where they abort the query after all.
 */
function wide(value: Sql): Sql {
  return sql`CAST(${value} AS HUGEINT)`
}

function narrow(value: Sql): Sql {
  return sql`TRY_CAST(${value} AS BIGINT)`
}

/** Infinities and NaN, which no answer can hold, become null. */
function finite(expression: Sql): Sql {
  return sql`CASE WHEN isfinite(${expression}) THEN ${expression} END`
}
