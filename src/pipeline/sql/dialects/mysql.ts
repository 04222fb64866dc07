import type { ColumnType } from '../../values.ts'
import type { ServerDialect, SqlDialect } from '../dialect.ts'
import { bind, bindRows, identifier, type Sql, sql } from '../fragment.ts'
import { mysqlDates } from './mysql/dates.ts'
import { asDouble, operateDoubles, sumOfDoubles } from './mysql/doubles.ts'
import { mysqlGroups } from './mysql/groups.ts'
import { narrow, operateIntegers, wide } from './mysql/integers.ts'
import { mysqlPattern } from './mysql/pattern.ts'
import { exactText, textOf } from './mysql/text.ts'
import { mysqlText } from './mysql/text-functions.ts'
import { parameterText, withoutYear } from './parameter.ts'

const manyRows = sql`18446744073709551615`

/**
 * MariaDB 10.11 and MySQL 8.0.17. The session's time zone is UTC, and its character set is utf8mb4. Texts get a collation at their first
 * appearance by which they are compared, grouped and ordered by code points.
 */
export const mysqlDialect: ServerDialect = {
  name: 'mysql',
  dates: mysqlDates,
  text: mysqlText,
  groups: mysqlGroups,
  shapes: {
    nthText: (texts, n) => {
      const item = sql`json_extract(${texts}, concat('$[', ${n} - 1, ']'))`
      return sql`CASE WHEN json_type(${item}) <> 'NULL' THEN json_unquote(${item}) END`
    },
  },
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  placeholder: (_n, type, lone) => (lone ? '?' : castText('?', type)),
  parameter: (value) => parameterText(value, dateText),
  nullOf: (type) => ({ texts: [castText('NULL', type)], values: [] }),
  sourceColumn,
  keepsScanOrder: false,
  // A CTE with a window or a group is always computed by itself.
  materialized: sql`AS`,
  // A query with a bound is not merged into another one.
  fence: sql`LIMIT ${manyRows}`,
  slice: (limit, offset) => {
    const rows = limit === null ? manyRows : bindRows(limit)
    return offset === 0 ? sql`LIMIT ${rows}` : sql`LIMIT ${rows} OFFSET ${bindRows(offset)}`
  },
  joinsFully: false,
  orderKey: (key, descending, nulls) => {
    const sorted = descending ? sql`${key} DESC` : key
    return nulls === 'first' ? sql`${key} IS NOT NULL, ${sorted}` : sql`${key} IS NULL, ${sorted}`
  },
  isSame: (a, b) => sql`${a} <=> ${b}`,
  textOf,
  search: (text, pattern) => sql`(${text} REGEXP ${bind(mysqlPattern(pattern), 'text')})`,
  operate: (operator, [a, b], type) => {
    if (type === 'text') return sql`concat(${a}, ${b})`
    return type === 'integer' && operator !== '/' ? operateIntegers(operator, a, b) : operateDoubles(operator, a, b)
  },
  negate: (a, type) => (type === 'integer' ? narrow(sql`-${wide(a)}`) : sql`(-${a})`),
  finite: (value) => value,
  sum: (value, type) => (type === 'integer' ? narrow(sql`coalesce(sum(${value}), 0)`) : sumOfDoubles(value)),
  average: (value, type) => {
    const sum = type === 'integer' ? asDouble(sql`sum(${value})`) : sumOfDoubles(value)
    return sql`${sum} / nullif(count(${value}), 0)`
  },
  minimum: (value) => sql`min(${value})`,
  maximum: (value) => sql`max(${value})`,
  first,
  numbersRows: true,
}

/** Types of columns that are kin to ours. Signed integers are what they are; a boolean is an integer. */
function sourceColumn(column: Sql, type: ColumnType): Sql {
  if (type === 'integer') return column
  return type === 'boolean' ? sql`(${column} <> 0)` : cast(column, type)
}

/** Without a collation of its own a text would get the connection's. */
function cast(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return exactText(value)
    case 'number':
      return asDouble(value)
    case 'date':
      return sql`CAST(${value} AS DATETIME(3))`
    case 'integer':
    case 'boolean':
      return sql`CAST(${value} AS SIGNED)`
  }
}

/** A bound behind the last date of all is a little after the last one with milliseconds. */
function dateText(date: Date): string {
  const year = date.getUTCFullYear()
  if (year < 0) return '0000-01-01 00:00:00'
  return year > 9999 ? '9999-12-31 23:59:59.999999' : `${String(year).padStart(4, '0')}-${withoutYear(date)}`
}

function castText(text: '?' | 'NULL', type: ColumnType): string {
  // Finer than milliseconds, for what `dateText` gives for the end of time.
  if (type === 'date') return `CAST(${text} AS DATETIME(6))`
  return cast({ texts: [text], values: [] }, type).texts.join('')
}

/**
 * There is no ordered aggregate: the values, with the numbers of their rows before them, are compared as texts, in which nothing of
 * them is lost.
 */
function first(value: Sql, type: ColumnType, { keys, backwards }: Parameters<SqlDialect['first']>[2]): Sql {
  const [key] = keys
  if (!key) return sql`min(${value})`
  const text = type === 'text' ? value : sql`CAST(${value} AS CHAR(40))`
  const numbered = sql`CASE WHEN ${value} IS NOT NULL THEN concat(lpad(${identifier(key.id)}, 20, '0'), ${text}) END`
  const found = key.descending === backwards ? sql`min(${numbered})` : sql`max(${numbered})`
  const chosen = sql`substr(${found}, 21)`
  return cast(chosen, type)
}
