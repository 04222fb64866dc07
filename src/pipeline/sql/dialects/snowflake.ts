import type { ServerDialect, SqlDialect } from '../dialect.ts'
import { bindRows, joinSql, keyword, type Sql, sql } from '../fragment.ts'
import { parameterText } from './parameter.ts'
import { milliseconds, snowflakeDates } from './snowflake/dates.ts'
import { asDouble, finite } from './snowflake/doubles.ts'
import { snowflakeGroups } from './snowflake/groups.ts'
import { narrow } from './snowflake/integers.ts'
import { matches, snowflakePattern } from './snowflake/pattern.ts'
import { textOf } from './snowflake/text.ts'
import { snowflakeText } from './snowflake/text-functions.ts'
import { castTo, types } from './snowflake/types.ts'
import { firstByNumber, standard } from './standard.ts'

/**
 * Snowflake. Dates are timestamps without a time zone, of the years 0 to 9999; the session's time zone is UTC, so that what a source has
 * with a time zone comes out as that. Texts are compared by code points, but for a column that has a collation of its own. Arithmetic of doubles is that of IEEE 754, that of integers has 38 digits.
 */
export const snowflakeDialect: ServerDialect = {
  ...standard,
  name: 'snowflake',
  dates: snowflakeDates,
  text: snowflakeText,
  groups: snowflakeGroups,
  shapes: { nthText: (texts, n) => sql`CAST(GET(PARSE_JSON(${texts}), ${n} - 1) AS VARCHAR)` },
  // A date is bound as its milliseconds. What is lone has to be bound as a number (FIXED), all else as a text.
  placeholder: (_n, type, lone) => {
    if (lone) return '?'
    return type === 'date' ? 'TO_TIMESTAMP_NTZ(CAST(? AS NUMBER(38, 0)), 3)' : `CAST(? AS ${types[type]})`
  },
  parameter: (value) => parameterText(value, dateText),
  nullOf: (type) => castTo(sql`NULL`, type),
  sourceColumn: (column, type) => (type === 'number' ? finite(asDouble(column)) : castTo(column, type)),
  keepsScanOrder: false,
  // There is no CTE that is computed by itself.
  materialized: sql`AS`,
  // It keeps the text short; the server computes an expression once that it meets twice.
  fence: sql`WHERE TRUE`,
  slice: (limit, offset) => {
    const rows = limit === null ? sql`NULL` : bindRows(limit)
    return joinSql([sql`LIMIT ${rows}`, ...(offset === 0 ? [] : [sql`OFFSET ${bindRows(offset)}`])], ' ')
  },
  isSame: (a, b) => sql`EQUAL_NULL(${a}, ${b})`,
  search: (text, pattern) => matches(text, snowflakePattern(pattern)),
  textOf,
  operate,
  negate: (a, type) => (type === 'integer' ? narrow(sql`-${a}`) : sql`(-${a})`),
  finite: (value) => value,
  sum: (value, type) => {
    const sum = sql`COALESCE(SUM(${value}), 0)`
    return type === 'integer' ? narrow(sum) : finite(sum)
  },
  average: (value, type) => {
    const sum = type === 'integer' ? asDouble(sql`SUM(${value})`) : sql`SUM(${value})`
    return finite(sql`${sum} / NULLIF(COUNT(${value}), 0)`)
  },
  minimum: (value, type) => (type === 'boolean' ? sql`BOOLAND_AGG(${value})` : sql`MIN(${value})`),
  maximum: (value, type) => (type === 'boolean' ? sql`BOOLOR_AGG(${value})` : sql`MAX(${value})`),
  first: firstByNumber,
  numbersRows: true,
}

function operate(...[operator, [a, b], type]: Parameters<SqlDialect['operate']>): Sql {
  if (type === 'text') return sql`(${a} || ${b})`
  const divisor = operator === '/' || operator === '%'
  if (type === 'integer' && operator !== '/') {
    return narrow(sql`(${a} ${keyword(operator)} ${divisor ? sql`NULLIF(${b}, 0)` : b})`)
  }
  const [x, y] = [asDouble(a), asDouble(b)]
  return finite(sql`(${x} ${keyword(operator)} ${divisor ? sql`NULLIF(${y}, 0)` : y})`)
}

function dateText(date: Date): string {
  return String(Math.min(Math.max(date.getTime(), milliseconds.first), milliseconds.last))
}
