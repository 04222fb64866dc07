import type { ColumnType } from '../../values.ts'
import type { SqlDialect } from '../dialect.ts'
import { bind, keyword, type Sql, sql } from '../fragment.ts'
import { textOf } from './duckdb/convert.ts'
import { duckdbDates } from './duckdb/dates.ts'
import { duckdbGroups } from './duckdb/groups.ts'
import { duckdbText } from './duckdb/text.ts'
import { aggregateOrder, standard } from './standard.ts'

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
  ...standard,
  name: 'duckdb',
  dates: duckdbDates,
  groups: duckdbGroups,
  shapes: {
    nthText: (texts, n) => sql`list_extract(from_json(${texts}, '["VARCHAR"]'), ${n})`,
  },
  placeholder: (n, type) => `CAST($${n} AS ${types[type]})`,
  nullOf: (type) => ({ texts: [`CAST(NULL AS ${types[type]})`], values: [] }),
  sourceColumn: (column) => column,
  keepsScanOrder: true,
  materialized: sql`AS MATERIALIZED`,
  position: (text) => sql`enum_code(${text})`,
  isSame: (a, b) => sql`${a} IS NOT DISTINCT FROM ${b}`,
  search: (text, pattern) => sql`regexp_matches(${text}, ${bind(pattern, 'text')})`,
  textOf,
  operate: (operator, [a, b], type) => {
    if (type === 'text') return sql`(${a} || ${b})`
    if (operator === '/') return sql`(CAST(${a} AS DOUBLE) / ${finiteDivisor(b)})`
    if (type === 'integer') {
      const divisor = operator === '%' ? sql`nullif(${wide(b)}, 0)` : wide(b)
      return narrow(sql`(${wide(a)} ${keyword(operator)} ${divisor})`)
    }
    return sql`(${a} ${keyword(operator)} ${operator === '%' ? finiteDivisor(b) : b})`
  },
  negate: (a, type) => (type === 'integer' ? narrow(sql`-${wide(a)}`) : sql`(-${a})`),
  finite,
  sum: (value, type) => {
    // The sum of BIGINT is a HUGEINT.
    if (type === 'integer') return narrow(sql`coalesce(sum(${value}), 0)`)
    return finite(sql`coalesce(sum(${value}), CAST(0 AS DOUBLE))`)
  },
  average: (value) => finite(sql`avg(${value})`),
  minimum: (value) => sql`min(${value})`,
  maximum: (value) => sql`max(${value})`,
  first: (value, _type, order) => {
    const keys = aggregateOrder(order)
    const ordered = keys ? sql`first(${value} ORDER BY ${keys})` : sql`first(${value})`
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

/** Null for 0. The rest of a division by infinity is the dividend, that of infinity is no number: so nothing finite comes of it. */
function finiteDivisor(value: Sql): Sql {
  return sql`nullif(CAST(${value} AS DOUBLE) % CAST('infinity' AS DOUBLE), 0)`
}

/** Infinities and NaN, which no answer can hold, become null. */
function finite(expression: Sql): Sql {
  return sql`CASE WHEN isfinite(${expression}) THEN ${expression} END`
}
