import type { ColumnType } from '../../../values.ts'
import { bind, double, type Sql, sql } from '../../fragment.ts'
import { mysqlInstant } from './dates.ts'
import { asDouble } from './doubles.ts'
import { narrow } from './integers.ts'
import { textOf } from './text.ts'

type Conversion = (value: Sql) => Sql

const same: Conversion = (value) => value
const isTrue: Conversion = (value) => sql`(${value} <> 0)`

/** How a value of the outer type becomes one of the inner type. */
const conversions: { readonly [From in ColumnType]: { readonly [To in Exclude<ColumnType, 'text'>]: Conversion } } = {
  integer: { integer: same, number: asDouble, boolean: isTrue, date: instantOf },
  number: { integer: truncated, number: same, boolean: isTrue, date: (value) => instantOf(truncated(value)) },
  text: { integer: readInteger, number: readNumber, boolean: readBoolean, date: readDate },
  boolean: {
    integer: (value) => sql`CAST(${value} AS SIGNED)`,
    number: asDouble,
    boolean: same,
    date: () => sql`CAST(NULL AS DATETIME(3))`,
  },
  date: {
    integer: milliseconds,
    number: (value) => asDouble(milliseconds(value)),
    boolean: () => sql`CAST(NULL AS SIGNED)`,
    date: same,
  },
}

export function convert(value: Sql, from: ColumnType, to: ColumnType): Sql {
  return to === 'text' ? textOf(value, from) : conversions[from][to](value)
}

function milliseconds(date: Sql): Sql {
  return sql`(timestampdiff(MICROSECOND, '1970-01-01 00:00:00', ${date}) DIV 1000)`
}

/** The server's dates are of the years 0 to 9999. */
function instantOf(value: Sql): Sql {
  const moved = sql`CAST('1970-01-01' AS DATETIME(3)) + INTERVAL ${value} * 1000 MICROSECOND`
  return sql`CASE WHEN ${value} BETWEEN -62167219200000 AND 253402300799999 THEN CAST(${moved} AS DATETIME(3)) END`
}

function truncated(value: Sql): Sql {
  const fits = sql`${value} >= ${double(-(2 ** 63))} AND ${value} < ${double(2 ** 63)}`
  return sql`CASE WHEN ${fits} THEN CAST(truncate(${value}, 0) AS SIGNED) END`
}

const blank = '[\\x{20}\\x{9}\\x{d}\\x{a}]*'
const plain = `\\A${blank}[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)${blank}\\z`
const number = `\\A${blank}[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)(?:[eE][+-]?[0-9]+)?${blank}\\z`
const date = `\\A${blank}[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,9})?)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)?${blank}\\z`

/** Spaces, tabs and line ends around it. */
function trimmed(text: Sql): Sql {
  return sql`regexp_replace(${text}, ${bind(`\\A${blank}|${blank}\\z`, 'text')}, '')`
}

/** What has more than 60 digits before its point fits into no integer. */
function readInteger(text: Sql): Sql {
  const whole = sql`substring_index(${trimmed(text)}, '.', 1)`
  const digits = sql`CASE WHEN ${whole} REGEXP ${bind('\\A[+-]?0*[0-9]{0,60}\\z', 'text')} THEN CAST(concat(${whole}, '.0') AS DECIMAL(65)) END`
  return sql`CASE WHEN ${text} REGEXP ${bind(plain, 'text')} THEN ${narrow(digits)} ELSE ${truncated(readNumber(text))} END`
}

/** The server takes what is too large for the greatest double. */
function readNumber(text: Sql): Sql {
  const value = asDouble(trimmed(text))
  return sql`CASE WHEN ${text} REGEXP ${bind(number, 'text')} AND abs(${value}) < ${double(Number.MAX_VALUE)} THEN ${value} END`
}

function readBoolean(text: Sql): Sql {
  return sql`CASE lower(${trimmed(text)}) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END`
}

function readDate(text: Sql): Sql {
  const iso = trimmed(text)
  const number = (from: number, length: number): Sql =>
    sql`CAST(concat('0', substr(${iso}, ${numeral(from)}, ${numeral(length)})) AS SIGNED)`
  const hasSeconds = sql`substr(${iso}, 17, 1) = ':'`
  const fraction = sql`substring_index(substring_index(substring_index(substring_index(substr(${iso}, 20), '+', 1), '-', 1), 'Z', 1), 'z', 1)`
  const local = mysqlInstant({
    year: number(1, 4),
    month: number(6, 2),
    day: number(9, 2),
    hour: number(12, 2),
    minute: number(15, 2),
    second: sql`CASE WHEN ${hasSeconds} THEN ${number(18, 2)} ELSE 0 END`,
    millisecond: sql`CAST(CASE WHEN ${hasSeconds} THEN rpad(substr(${fraction}, 2, 3), 3, '0') ELSE '0' END AS SIGNED)`,
  })
  const sign = sql`CASE WHEN locate('-', ${iso}, 12) > 0 THEN '-' ELSE '+' END`
  const offset = sql`replace(CASE WHEN locate(${sign}, ${iso}, 12) > 0 THEN substr(${iso}, locate(${sign}, ${iso}, 12) + 1) ELSE '' END, ':', '')`
  const part = (from: number): Sql => sql`CAST(concat('0', substr(${offset}, ${numeral(from)}, 2)) AS SIGNED)`
  const minutes = sql`(${part(1)} * 60 + ${part(3)}) * CASE WHEN ${sign} = '-' THEN -1 ELSE 1 END`
  return sql`CASE WHEN ${text} REGEXP ${bind(date, 'text')} THEN ${local} - INTERVAL ${minutes} MINUTE END`
}

/** A whole number that this room chose. */
function numeral(value: number): Sql {
  return { texts: [String(Math.trunc(value))], values: [] }
}
