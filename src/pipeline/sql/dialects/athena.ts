import type { ServerDialect } from '../dialect.ts'
import { bindRows, joinSql, type Sql, sql } from '../fragment.ts'
import { textOf } from './athena/convert.ts'
import { athenaDates } from './athena/dates.ts'
import { athenaGroups } from './athena/groups.ts'
import { asDouble, finite, narrow, operateDoubles, operateIntegers, wide } from './athena/numbers.ts'
import { athenaParameter, athenaRefusal, bindLong } from './athena/parameters.ts'
import { athenaPattern } from './athena/pattern.ts'
import { athenaText } from './athena/text-functions.ts'
import { athenaTypes, castTo } from './athena/types.ts'
import { aggregateOrder, standard } from './standard.ts'

/** Amazon Athena, engine version 3, which is Trino. A parameter of a query is the text of a literal, of at most 1,024 characters. */
export const athenaDialect: ServerDialect = {
  ...standard,
  name: 'athena',
  dates: athenaDates,
  text: athenaText,
  groups: athenaGroups,
  shapes: { nthText: (texts, n) => sql`element_at(CAST(json_parse(${inPieces(texts)}) AS array(varchar)), ${n})` },
  placeholder: (_n, type, lone) => (lone ? '?' : `CAST(? AS ${athenaTypes[type]})`),
  parameter: athenaParameter,
  refusal: athenaRefusal,
  nullOf: (type) => castTo(sql`NULL`, type),
  sourceColumn: (column, type) => (type === 'number' ? finite(asDouble(column)) : castTo(column, type)),
  keepsScanOrder: false,
  materialized: sql`AS`,
  // The other way round than elsewhere.
  slice: (limit, offset) =>
    joinSql(
      [
        ...(offset === 0 ? [] : [sql`OFFSET ${bindRows(offset)}`]),
        ...(limit === null ? [] : [sql`LIMIT ${bindRows(limit)}`]),
      ],
      ' ',
    ),
  isSame: (a, b) => sql`${a} IS NOT DISTINCT FROM ${b}`,
  search: (text, pattern) => sql`regexp_like(${text}, ${bindLong(athenaPattern(pattern))})`,
  textOf,
  operate: (operator, [a, b], type) => {
    if (type === 'text') return sql`(${a} || ${b})`
    return type === 'integer' && operator !== '/' ? operateIntegers(operator, a, b) : operateDoubles(operator, a, b)
  },
  negate: (a, type) => (type === 'integer' ? sql`TRY(-${a})` : sql`(-${a})`),
  finite,
  sum: (value, type) =>
    type === 'integer'
      ? narrow(sql`coalesce(sum(${wide(value)}), 0)`)
      : finite(sql`coalesce(sum(${asDouble(value)}), 0e0)`),
  average: (value) => finite(sql`avg(${asDouble(value)})`),
  minimum: (value) => sql`min(${value})`,
  maximum: (value) => sql`max(${value})`,
  first: (value, _type, order) => {
    const keys = aggregateOrder(order)
    const ordered = keys ? sql`array_agg(${value} ORDER BY ${keys})` : sql`array_agg(${value})`
    return sql`element_at(${ordered} FILTER (WHERE ${value} IS NOT NULL), 1)`
  },
}

/** A bound text that may be longer than a parameter. */
function inPieces(text: Sql): Sql {
  const [only, ...others] = text.values
  return only && others.length === 0 && typeof only.value === 'string' ? bindLong(only.value) : text
}
