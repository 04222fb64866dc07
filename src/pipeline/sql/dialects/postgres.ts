import type { ColumnType } from '../../values.ts'
import type { ServerDialect } from '../dialect.ts'
import { bind, double, type Sql, sql } from '../fragment.ts'
import { parameterText, withoutYear } from './parameter.ts'
import { postgresDates } from './postgres/dates.ts'
import { asDouble, operateDoubles, sumOfDoubles } from './postgres/doubles.ts'
import { postgresGroups } from './postgres/groups.ts'
import { narrow, operateIntegers } from './postgres/integers.ts'
import { postgresPattern } from './postgres/pattern.ts'
import { textOf } from './postgres/text.ts'
import { postgresText } from './postgres/text-functions.ts'
import { aggregateOrder, standard } from './standard.ts'

const types: { readonly [T in ColumnType]: string } = {
  integer: 'bigint',
  number: 'double precision',
  text: 'text',
  boolean: 'boolean',
  date: 'timestamp(3)',
}

/**
 * PostgreSQL 12 and later. The session's time zone is UTC, so that what a source has with a time zone comes out as that.
 * Texts have the collation "C" from their first appearance on: every comparison, group and order of them is then by code points.
 */
export const postgresDialect: ServerDialect = {
  ...standard,
  name: 'postgres',
  dates: postgresDates,
  text: postgresText,
  groups: postgresGroups,
  shapes: { nthText: (texts, n) => sql`(CAST(${texts} AS jsonb) ->> CAST(${n} - 1 AS integer))` },
  placeholder: (n, type, lone) => {
    if (lone) return `CAST($${n} AS bigint)`
    return type === 'text' ? `CAST($${n} AS text) COLLATE "C"` : `CAST($${n} AS ${types[type]})`
  },
  parameter: (value) => parameterText(value, dateText),
  refusal: (value) =>
    typeof value === 'string' && value.includes('\0') ? 'PostgreSQL has no texts with the character NUL.' : undefined,
  nullOf: (type) => castTo(sql`NULL`, type),
  sourceColumn: (column, type) => {
    if (type === 'text') return sql`CAST(${column} AS text) COLLATE "C"`
    // Not a number is greater than all numbers here.
    if (type === 'number')
      return sql`CASE WHEN ${column} BETWEEN ${double(-Number.MAX_VALUE)} AND ${double(Number.MAX_VALUE)} THEN ${asDouble(column)} END`
    return castTo(column, type)
  },
  keepsScanOrder: false,
  materialized: sql`AS MATERIALIZED`,
  fence: sql`OFFSET 0`,
  // Unlike IS NOT DISTINCT FROM, this can be a hash join.
  isSame: (a, b) => sql`ARRAY[${a}] = ARRAY[${b}]`,
  search: (text, pattern) => sql`(${text} ~ ${bind(postgresPattern(pattern), 'text')})`,
  textOf,
  operate: (operator, [a, b], type) => {
    if (type === 'text') return sql`(${a} || ${b})`
    return type === 'integer' && operator !== '/' ? operateIntegers(operator, a, b) : operateDoubles(operator, a, b)
  },
  negate: (a, type) => (type === 'integer' ? narrow(sql`-CAST(${a} AS numeric)`) : sql`(-${a})`),
  finite: (value) => value,
  sum: (value, type) => (type === 'integer' ? narrow(sql`coalesce(sum(${value}), 0)`) : sumOfDoubles(value)),
  average: (value, type) => {
    const sum = type === 'integer' ? asDouble(sql`sum(${value})`) : sumOfDoubles(value)
    return sql`${sum} / nullif(count(${value}), 0)`
  },
  minimum: (value, type) => (type === 'boolean' ? sql`bool_and(${value})` : sql`min(${value})`),
  maximum: (value, type) => (type === 'boolean' ? sql`bool_or(${value})` : sql`max(${value})`),
  first: (value, _type, order) => {
    const keys = aggregateOrder(order)
    const ordered = keys ? sql`array_agg(${value} ORDER BY ${keys})` : sql`array_agg(${value})`
    return sql`(${ordered} FILTER (WHERE ${value} IS NOT NULL))[1]`
  },
}

function castTo(value: Sql, type: ColumnType): Sql {
  return sql`CAST(${value} AS ${{ texts: [types[type]], values: [] }})`
}

/** The year 0 is 1 BC, and nothing is before 4714 BC. */
function dateText(date: Date): string {
  const year = date.getUTCFullYear()
  if (year < -4712) return '4713-01-01 00:00:00 BC'
  const written = String(year > 0 ? year : 1 - year).padStart(4, '0')
  return `${written}-${withoutYear(date)}${year > 0 ? '' : ' BC'}`
}
