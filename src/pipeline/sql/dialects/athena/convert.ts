import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'
import { conversions } from '../conversions.ts'
import { anyNumber, isoDate, isoParts, plainNumber } from '../iso-date.ts'
import { numeral } from '../numeral.ts'
import { athenaInstant } from './dates.ts'
import { finite, narrow } from './numbers.ts'
import { castTo } from './types.ts'

export const convert = conversions({
  cast: castTo,
  isTrue: (value) => sql`(${value} <> 0)`,
  truncated,
  instantOf,
  milliseconds,
  readInteger,
  readNumber,
  readBoolean,
  readDate,
  textOf,
})

/** `textOf` of the dialect. */
export function textOf(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'integer':
    case 'boolean':
      return sql`CAST(${value} AS varchar)`
    case 'number':
      return numberText(value)
    case 'date':
      return dateText(value)
  }
}

/** The server writes doubles as Java does, `1.0E21`; a decimal number reads that without losing a digit. */
function numberText(value: Sql): Sql {
  const text = sql`CAST(${value} AS varchar)`
  const isWhole = sql`${value} = truncate(${value}) AND abs(${value}) < 1e15`
  const large = sql`CAST(TRY_CAST(${text} AS decimal(38, 0)) AS varchar)`
  const fraction = sql`regexp_replace(CAST(TRY_CAST(${text} AS decimal(38, 23)) AS varchar), '0+$', '')`
  const exponent = sql`replace(replace(${text}, '.0E', 'E'), 'E', CASE WHEN abs(${value}) >= 1 THEN 'e+' ELSE 'e' END)`
  return sql`CASE
WHEN ${isWhole} THEN CAST(CAST(${value} AS bigint) AS varchar)
WHEN abs(${value}) >= 1e15 AND abs(${value}) < 1e21 THEN ${large}
WHEN abs(${value}) >= 1e-6 AND abs(${value}) < 1e15 THEN ${fraction}
ELSE ${exponent}
END`
}

function dateText(value: Sql): Sql {
  const at = (unit: Sql): Sql => sql`${value} = date_trunc(${unit}, ${value})`
  const written = (format: Sql): Sql => sql`format_datetime(${value}, ${format})`
  return sql`CASE WHEN ${at(sql`'day'`)} THEN ${written(sql`'yyyy-MM-dd'`)} WHEN ${at(sql`'second'`)} THEN ${written(sql`'yyyy-MM-dd HH:mm:ss'`)} ELSE ${written(sql`'yyyy-MM-dd HH:mm:ss.SSS'`)} END`
}

const epoch = sql`TIMESTAMP '1970-01-01 00:00:00.000'`

function milliseconds(date: Sql): Sql {
  return sql`date_diff('millisecond', ${epoch}, ${date})`
}

function instantOf(value: Sql): Sql {
  const held = sql`CASE WHEN ${value} BETWEEN -62167219200000 AND 253402300799999 THEN ${value} END`
  return sql`date_add('millisecond', ${held}, ${epoch})`
}

/** A cast would round. */
function truncated(value: Sql): Sql {
  return narrow(sql`truncate(${value})`)
}

const blank = sql`[ \\t\\r\\n]`

/** Spaces, tabs and line ends around it. */
function trimmed(text: Sql): Sql {
  return sql`regexp_replace(${text}, '\\A${blank}+|${blank}+\\z', '')`
}

/** The digits before the point are the integer; the zero before them is for `.5`. */
function readInteger(text: Sql): Sql {
  const pattern = sql`'\\A${blank}*[+]?(-?)([0-9]*)[.]?[0-9]*${blank}*\\z'`
  const isPlain = sql`regexp_like(${text}, '\\A${blank}*${written(plainNumber)}${blank}*\\z')`
  const part = (group: number): Sql => sql`regexp_extract(${text}, ${pattern}, ${numeral(group)})`
  const whole = sql`concat(${part(1)}, '0', ${part(2)})`
  return sql`CASE WHEN ${isPlain} THEN ${narrow(whole)} ELSE ${truncated(readNumber(text))} END`
}

function readNumber(text: Sql): Sql {
  const isNumber = sql`regexp_like(${text}, '\\A${blank}*${written(anyNumber)}${blank}*\\z')`
  return sql`CASE WHEN ${isNumber} THEN ${finite(sql`TRY_CAST(${trimmed(text)} AS double)`)} END`
}

function readBoolean(text: Sql): Sql {
  const word = sql`lower(${trimmed(text)})`
  return sql`CASE WHEN ${word} IN ('true', '1') THEN TRUE WHEN ${word} IN ('false', '0') THEN FALSE END`
}

function readDate(text: Sql): Sql {
  const pattern = sql`'\\A${blank}*${written(isoDate)}${blank}*\\z'`
  const group = (index: number): Sql => sql`coalesce(regexp_extract(${text}, ${pattern}, ${numeral(index)}), '')`
  const { parts, minutes } = isoParts(group, (digits) => sql`TRY_CAST(${digits} AS bigint)`)
  return sql`date_add('minute', ${minutes}, ${athenaInstant(parts)})`
}

function written(pattern: string): Sql {
  return { texts: [pattern], values: [] }
}
