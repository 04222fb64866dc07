import type { Value } from '../../values.ts'
import type { ServerDialect } from '../dialect.ts'
import { bind, identifier, keyword, sql } from '../fragment.ts'
import { textOf } from './clickhouse/convert.ts'
import { clickhouseDates } from './clickhouse/dates.ts'
import { clickhouseGroups } from './clickhouse/groups.ts'
import { clickhouseText } from './clickhouse/text-functions.ts'
import { castTo, clickhouseTypes, finite, narrow } from './clickhouse/types.ts'
import { parameterText, withoutYear } from './parameter.ts'
import { standard } from './standard.ts'

/**
 * The settings that each query needs: a row without a partner has nulls in a join, a name is a column before it is an alias, and numbers
 * in texts are read to their last digit.
 */
export const clickhouseSettings = {
  join_use_nulls: '1',
  prefer_column_name_to_alias: '1',
  precise_float_parsing: '1',
} as const

/**
 * ClickHouse 24.3 and later, with `clickhouseSettings`. The n-th parameter of a query is named `pN`. A remainder of numbers is exact
 * up to a quotient of 2^53, and null where that is infinite.
 */
export const clickhouseDialect: ServerDialect = {
  ...standard,
  name: 'clickhouse',
  dates: clickhouseDates,
  text: clickhouseText,
  groups: clickhouseGroups,
  shapes: { nthText: (texts, n) => sql`JSONExtract(${texts}, 'Array(Nullable(String))')[${n}]` },
  // What a backslash would begin is written by its number, so that nothing but the end of the name is a backtick.
  quote: (name) => `\`${name.replaceAll('\\', '\\x5c').replaceAll('`', '\\x60')}\``,
  placeholder: (n, type, lone) => `{p${n}:${lone ? 'UInt64' : clickhouseTypes[type]}}`,
  parameter,
  nullOf: (type) => castTo(sql`NULL`, type),
  sourceColumn: (column, type) => {
    if (type === 'boolean') return castTo(sql`${column} <> 0`, type)
    const value = castTo(column, type)
    return type === 'number' ? finite(value) : value
  },
  keepsScanOrder: false,
  materialized: sql`AS`,
  isSame: (a, b) => sql`(${a} <=> ${b})`,
  // Only here a point is a line end too, unless it is told otherwise.
  search: (text, pattern) => sql`match(${text}, ${bind(`(?-s)${pattern}`, 'text')})`,
  textOf,
  operate: (operator, [a, b], type) => {
    if (type === 'text') return sql`concat(${a}, ${b})`
    const kind = operator === '/' ? 'number' : type
    const [x, y] = [castTo(a, kind), castTo(b, kind)]
    const divisor = operator === '/' || operator === '%' ? sql`nullIf(${y}, 0)` : y
    const result = sql`(${x} ${keyword(operator)} ${divisor})`
    return kind === 'integer' ? narrow(result) : finite(result)
  },
  negate: (a, type) => (type === 'integer' ? narrow(sql`-${castTo(a, 'integer')}`) : sql`(-${a})`),
  finite: (value) => value,
  sum: (value, type) => {
    const kind = type === 'integer' ? 'integer' : 'number'
    const sum = sql`coalesce(sum(${castTo(value, kind)}), 0)`
    return kind === 'integer' ? narrow(sum) : finite(sum)
  },
  average: (value) => finite(sql`avg(${castTo(value, 'number')})`),
  minimum: (value) => sql`minOrNull(${value})`,
  maximum: (value) => sql`maxOrNull(${value})`,
  first: (value, _type, { keys, backwards }) => {
    const [key] = keys
    if (!key) return sql`anyOrNull(${value})`
    const number = identifier(key.id)
    // Rows in which the value is null do not count.
    return key.descending === backwards
      ? sql`argMinOrNull(${value}, ${number})`
      : sql`argMaxOrNull(${value}, ${number})`
  },
  numbersRows: true,
}

/** As the HTTP interface takes it: a field of a file with tabs between them. */
function parameter(value: Value): string {
  const text = parameterText(value, (date) => {
    const year = date.getUTCFullYear()
    if (year < 1900) return '1900-01-01 00:00:00.000'
    return year > 2299 ? '2299-12-31 23:59:59.999' : `${year}-${withoutYear(date)}`
  })
  return text === null ? '\\N' : text.replace(/[\\\t\n\r\0]/g, (char) => escapes[char] ?? char)
}

const escapes: { readonly [char: string]: string } = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
}
