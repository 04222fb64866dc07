import type { ColumnType } from '../../values.ts'
import type { ServerDialect, SqlDialect } from '../dialect.ts'
import { bindRows, identifier, type Sql, sql } from '../fragment.ts'
import { boundedSum } from './bounded-doubles.ts'
import { nthOfBound } from './nth-text.ts'
import { dateTextFromYearOne, parameterText } from './parameter.ts'
import { sqlserverDates } from './sqlserver/dates.ts'
import { asDouble, operateDoubles } from './sqlserver/doubles.ts'
import { sqlserverGroups } from './sqlserver/groups.ts'
import { narrow, operateIntegers, wide } from './sqlserver/integers.ts'
import { searchLike } from './sqlserver/like.ts'
import { exactText, textOf } from './sqlserver/text.ts'
import { sqlserverText } from './sqlserver/text-functions.ts'

/** A query may have 2,100 values. */
const mostShapes = 2000

/**
 * SQL Server 2019 and later, and Azure SQL. A boolean is a `bit`: a condition is no value there, and a value no condition. Texts are compared by
 * their code units; where it groups, joins or orders, the server takes two of them that differ only in the spaces at their end for the
 * same. Dates are of the years 1 to 9999.
 *
 * Refused: expressions that `LIKE` cannot search for and texts read as dates by a format or a guess (there are no regular expressions),
 * `%` of numbers that are not whole, the character NUL.
 */
export const sqlserverDialect: ServerDialect = {
  name: 'sqlserver',
  dates: sqlserverDates,
  text: sqlserverText,
  groups: sqlserverGroups,
  shapes: { nthText: (texts, n) => nthOfBound(texts, n, mostShapes) },
  quote: (name) => `[${name.replaceAll(']', ']]')}]`,
  placeholder: (n, type, lone) => (lone ? `CAST(@p${n} AS bigint)` : castText(`@p${n}`, type)),
  parameter: (value) => parameterText(value, dateTextFromYearOne),
  refusal: (value) =>
    typeof value === 'string' && value.includes('\0')
      ? 'SQL Server does not find the character NUL in texts.'
      : undefined,
  nullOf: (type) => ({ texts: [castText('NULL', type)], values: [] }),
  sourceColumn: (column, type) => {
    // What has no offset is in UTC; what has one comes to it.
    if (type === 'date') return cast(sql`SWITCHOFFSET(CAST(${column} AS datetimeoffset(3)), '+00:00')`, 'date')
    return cast(column, type)
  },
  keepsScanOrder: false,
  materialized: sql`AS`,
  // A query with a bound is not merged into another one.
  fence: sql`ORDER BY (SELECT NULL) OFFSET 0 ROWS`,
  slice,
  joinsFully: true,
  orderKey: (key, descending, nulls) => {
    const sorted = descending ? sql`${key} DESC` : key
    // Nulls are the least values here.
    if (descending === (nulls === 'last')) return sorted
    return nulls === 'last'
      ? sql`CASE WHEN ${key} IS NULL THEN 1 ELSE 0 END, ${sorted}`
      : sql`CASE WHEN ${key} IS NULL THEN 0 ELSE 1 END, ${sorted}`
  },
  // Conditions, permissions among them, are exact; groups, joins and orders are what the server makes of texts.
  exactly: (text) => sql`CAST(${text} AS varbinary(max))`,
  // Unlike a chain of comparisons, this can be a hash join.
  isSame: (a, b) => sql`EXISTS (SELECT ${a} INTERSECT SELECT ${b})`,
  textOf,
  search: searchLike,
  operate: (operator, [a, b], type) => {
    if (type === 'text') return sql`(${a} + ${b})`
    return type === 'integer' && operator !== '/' ? operateIntegers(operator, a, b) : operateDoubles(operator, a, b)
  },
  negate: (a, type) => (type === 'integer' ? narrow(sql`-${wide(a)}`) : sql`(-${a})`),
  finite: (value) => value,
  sum: (value, type) => (type === 'integer' ? narrow(sql`coalesce(sum(${wide(value)}), 0)`) : boundedSum(value)),
  average: (value, type) => {
    const sum = type === 'integer' ? asDouble(sql`sum(${wide(value)})`) : boundedSum(value)
    return sql`${sum} / nullif(count_big(${value}), 0)`
  },
  minimum: (value, type) =>
    type === 'boolean' ? sql`CAST(min(CAST(${value} AS tinyint)) AS bit)` : sql`min(${value})`,
  maximum: (value, type) =>
    type === 'boolean' ? sql`CAST(max(CAST(${value} AS tinyint)) AS bit)` : sql`max(${value})`,
  first,
  numbersRows: true,
}

/** There has to be an ORDER BY before it, and a bound of 0 rows is an error. */
function slice(limit: number | null, offset: number, ordered: boolean): Sql {
  const order = ordered ? sql`` : sql`ORDER BY (SELECT NULL) `
  if (limit === 0) return sql`${order}OFFSET 9223372036854775807 ROWS`
  const skipped = sql`${order}OFFSET ${bindRows(offset)} ROWS`
  return limit === null ? skipped : sql`${skipped} FETCH NEXT ${bindRows(limit)} ROWS ONLY`
}

function cast(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return exactText(value)
    case 'number':
      return asDouble(value)
    case 'integer':
      return sql`CAST(${value} AS bigint)`
    case 'boolean':
      return sql`CAST(${value} AS bit)`
    case 'date':
      return sql`CAST(${value} AS datetime2(3))`
  }
}

function castText(text: string, type: ColumnType): string {
  // Finer than milliseconds, for what stands for the end of time.
  if (type === 'date') return `CAST(${text} AS datetime2(7))`
  return cast({ texts: [text], values: [] }, type).texts.join('')
}

/**
 * There is no ordered aggregate: the values, with the numbers of their rows before them, are compared as texts, in which nothing of
 * them is lost.
 */
function first(value: Sql, type: ColumnType, { keys, backwards }: Parameters<SqlDialect['first']>[2]): Sql {
  const [key] = keys
  if (!key) return sqlserverDialect.minimum(value, type)
  const number = sql`RIGHT(CONCAT('0000000000000000000', ${identifier(key.id)}), 20)`
  const numbered = sql`CASE WHEN ${value} IS NOT NULL THEN CONCAT(${number}, ${lossless(value, type)}) END`
  const found = key.descending === backwards ? sql`min(${numbered})` : sql`max(${numbered})`
  return cast(sql`SUBSTRING(${found}, 21, 2147483647)`, type)
}

function lossless(value: Sql, type: ColumnType): Sql {
  if (type === 'number') return sql`CONVERT(nvarchar(40), ${value}, 3)`
  return type === 'date' ? sql`CONVERT(nvarchar(40), ${value}, 121)` : sql`CAST(${value} AS nvarchar(max))`
}
