import type { ColumnType } from '../../../values.ts'
import { bind, type Sql, sql } from '../../fragment.ts'
import { asDouble, finite } from './doubles.ts'
import { narrow } from './integers.ts'
import { textOf, trimmed } from './text.ts'

type Conversion = (value: Sql) => Sql

const same: Conversion = (value) => value
const isTrue: Conversion = (value) => sql`CASE WHEN ${value} <> 0 THEN 1 WHEN ${value} = 0 THEN 0 END`

/** How a value of the outer type becomes one of the inner type. */
const conversions: { readonly [From in ColumnType]: { readonly [To in Exclude<ColumnType, 'text'>]: Conversion } } = {
  integer: { integer: same, number: asDouble, boolean: isTrue, date: instantOf },
  number: { integer: truncated, number: same, boolean: isTrue, date: (value) => instantOf(truncated(value)) },
  text: { integer: readInteger, number: readNumber, boolean: readBoolean, date: readDate },
  boolean: {
    integer: same,
    number: asDouble,
    boolean: same,
    date: () => sql`CAST(NULL AS TIMESTAMP(3))`,
  },
  date: {
    integer: milliseconds,
    number: (value) => asDouble(milliseconds(value)),
    boolean: () => sql`CAST(NULL AS NUMBER(1))`,
    date: same,
  },
}

export function convert(value: Sql, from: ColumnType, to: ColumnType): Sql {
  return to === 'text' ? textOf(value, from) : conversions[from][to](value)
}

/** The milliseconds since 1970: by the number of the day, 2440588 then, and the seconds of the day with their thousandths behind them. */
export function milliseconds(date: Sql): Sql {
  return sql`((TO_NUMBER(TO_CHAR(${date}, 'J')) - 2440588) * 86400000 + TO_NUMBER(TO_CHAR(${date}, 'SSSSSFF3')))`
}

function instantOf(value: Sql): Sql {
  const moved = sql`TIMESTAMP '1970-01-01 00:00:00' + NUMTODSINTERVAL(${value} / 1000, 'SECOND')`
  return sql`CASE WHEN ${value} BETWEEN -62135596800000 AND 253402300799999 THEN CAST(${moved} AS TIMESTAMP(3)) END`
}

function truncated(value: Sql): Sql {
  const fits = sql`${value} >= -9223372036854775808d AND ${value} < 9223372036854775808d`
  return sql`CASE WHEN ${fits} THEN CAST(TRUNC(${value}) AS NUMBER(19)) END`
}

const plain = '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)$'
const number = '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$'
const date =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?([Zz]|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)?)?$'

/** Without spaces, tabs and line ends around it. */
function bare(text: Sql): Sql {
  return trimmed(text, ' \t\r\n')
}

function is(text: Sql, pattern: string): Sql {
  return sql`REGEXP_LIKE(${bare(text)}, ${bind(pattern, 'text')}, 'c')`
}

/** The digits before the point are the integer; the zero before them is for `.5`. */
function readInteger(text: Sql): Sql {
  const whole = sql`REGEXP_REPLACE(${bare(text)}, '^([+-]?)([0-9]*).*$', '\\10\\2')`
  const exact = narrow(sql`TO_NUMBER(${whole} DEFAULT NULL ON CONVERSION ERROR)`)
  return sql`CASE WHEN ${is(text, plain)} THEN ${exact} ELSE ${truncated(readNumber(text))} END`
}

function readNumber(text: Sql): Sql {
  const value = finite(sql`TO_BINARY_DOUBLE(${bare(text)} DEFAULT NULL ON CONVERSION ERROR)`)
  return sql`CASE WHEN ${is(text, number)} THEN ${value} END`
}

function readBoolean(text: Sql): Sql {
  return sql`CASE LOWER(${bare(text)}) WHEN 'true' THEN 1 WHEN '1' THEN 1 WHEN 'false' THEN 0 WHEN '0' THEN 0 END`
}

function readDate(text: Sql): Sql {
  const iso = bare(text)
  const part = (pattern: Sql, group: Sql): Sql => sql`REGEXP_SUBSTR(${iso}, ${pattern}, 1, 1, 'c', ${group})`
  const clock = part(sql`'^.{11}([0-9:]+([.][0-9]{1,3})?)'`, sql`1`)
  const stamp = sql`SUBSTR(${iso}, 1, 10) || ' ' || NVL(${clock}, '00:00')`
  const local = sql`TO_TIMESTAMP(${stamp} DEFAULT NULL ON CONVERSION ERROR, 'YYYY-MM-DD HH24:MI:SS.FF')`
  const zone = sql`'^.{11}[0-9:.]+([+-])([0-9]{2}):?([0-9]{2})?$'`
  const digits = (group: Sql): Sql => sql`TO_NUMBER(NVL(${part(zone, group)}, '0'))`
  const sign = sql`CASE WHEN ${part(zone, sql`1`)} = '-' THEN -1 ELSE 1 END`
  const ahead = sql`${sign} * (${digits(sql`2`)} * 60 + ${digits(sql`3`)})`
  const instant = instantOf(sql`(${milliseconds(local)} - ${ahead} * 60000)`)
  return sql`CASE WHEN ${is(text, date)} THEN ${instant} END`
}
