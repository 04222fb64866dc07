import type { ServerDialect } from '../dialect.ts'
import { bind, bindRows, identifier, joinSql, type Sql, sql } from '../fragment.ts'
import { textOf } from './bigquery/convert.ts'
import { bigqueryDates } from './bigquery/dates.ts'
import { bigqueryGroups, mean } from './bigquery/groups.ts'
import { asDouble, narrow, operateDoubles, operateIntegers, wide } from './bigquery/numbers.ts'
import { bigqueryText } from './bigquery/text-functions.ts'
import { castTo } from './bigquery/types.ts'
import { boundedSum } from './bounded-doubles.ts'
import { parameterText, withoutYear } from './parameter.ts'

/**
 * BigQuery, in GoogleSQL. The n-th parameter of a query is named `pN` and sent with its type of `bigqueryTypes`: the server takes no
 * cast behind LIMIT. A remainder of numbers is exact between 1e-15 and 1e38, and null where the quotient beyond them is
 * infinite.
 */
export const bigqueryDialect: ServerDialect = {
  name: 'bigquery',
  dates: bigqueryDates,
  text: bigqueryText,
  groups: bigqueryGroups,
  shapes: { nthText: (texts, n) => sql`JSON_VALUE_ARRAY(${texts})[SAFE_ORDINAL(${n})]` },
  // A backslash begins an escape here as in a text, so what needs one is written by its number.
  quote: (name) => `\`${name.replace(/[\\`\n\r]/g, escaped)}\``,
  placeholder: (n) => `@p${n}`,
  parameter: (value) => (typeof value === 'boolean' ? String(value) : parameterText(value, dateText)),
  nullOf: (type) => castTo(sql`NULL`, type),
  sourceColumn: (column, type) => {
    const value = castTo(column, type)
    if (type === 'date') return sql`DATETIME_TRUNC(${value}, MILLISECOND)`
    return type === 'number' ? sql`CASE WHEN NOT IS_INF(${value}) AND NOT IS_NAN(${value}) THEN ${value} END` : value
  },
  keepsScanOrder: false,
  materialized: sql`AS`,
  slice: (limit, offset) => {
    const rows = limit === null ? sql`9223372036854775807` : bindRows(limit)
    return offset === 0 ? sql`LIMIT ${rows}` : sql`LIMIT ${rows} OFFSET ${bindRows(offset)}`
  },
  joinsFully: true,
  orderKey,
  partitionKey: (key, type) => (type === 'number' ? sql`TO_JSON_STRING(${key})` : key),
  isSame: (a, b) => sql`${a} IS NOT DISTINCT FROM ${b}`,
  search: (text, pattern) => sql`REGEXP_CONTAINS(${text}, ${bind(pattern, 'text')})`,
  textOf,
  operate: (operator, [a, b], type) => {
    if (type === 'text') return sql`(${a} || ${b})`
    return type === 'integer' && operator !== '/' ? operateIntegers(operator, a, b) : operateDoubles(operator, a, b)
  },
  negate: (a, type) => (type === 'integer' ? sql`SAFE_NEGATE(${a})` : sql`(-${a})`),
  finite: (value) => value,
  sum: (value, type) =>
    type === 'integer' ? narrow(sql`COALESCE(SUM(${wide(value)}), 0)`) : boundedSum(asDouble(value)),
  average: (value, type) => {
    const sum = type === 'integer' ? asDouble(sql`SUM(${wide(value)})`) : boundedSum(value)
    return mean(sum, sql`COUNT(${value})`)
  },
  minimum: (value) => sql`MIN(${value})`,
  maximum: (value) => sql`MAX(${value})`,
  first: (value, _type, { keys, backwards }) => {
    const list = keys.map(({ id, descending }) =>
      orderKey(identifier(id), backwards ? !descending : descending, backwards ? 'first' : 'last'),
    )
    const order = list.length > 0 ? sql` ORDER BY ${joinSql(list, ', ')}` : sql``
    return sql`ARRAY_AGG(${value} IGNORE NULLS${order} LIMIT 1)[SAFE_OFFSET(0)]`
  },
  numbersRows: false,
}

/** Null is the least value here. Where its place has to be another one, not every clause takes NULLS FIRST or LAST. */
function orderKey(key: Sql, descending: boolean, nulls: 'last' | 'first'): Sql {
  if (descending) return nulls === 'last' ? sql`${key} DESC` : sql`${key} IS NOT NULL, ${key} DESC`
  return nulls === 'first' ? key : sql`${key} IS NULL, ${key}`
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function dateText(date: Date): string {
  const year = date.getUTCFullYear()
  if (year < 1) return '0001-01-01 00:00:00'
  return year > 9999 ? '9999-12-31 23:59:59.999999' : `${String(year).padStart(4, '0')}-${withoutYear(date)}`
}
