import { bind, type Sql, sql } from '../../fragment.ts'
import { conversions } from '../conversions.ts'
import { anyNumber, isoDate, isoParts, plainNumber } from '../iso-date.ts'
import { numeral } from '../numeral.ts'
import { milliseconds, millisecondsOf, snowflakeInstant } from './dates.ts'
import { constant, finite } from './doubles.ts'
import { narrow } from './integers.ts'
import { matches } from './pattern.ts'
import { textOf } from './text.ts'
import { castTo } from './types.ts'

export const convert = conversions({
  cast: castTo,
  isTrue: (value) => sql`(${value} <> 0)`,
  truncated,
  instantOf,
  milliseconds: millisecondsOf,
  readInteger,
  readNumber,
  readBoolean,
  readDate,
  textOf,
})

function instantOf(value: Sql): Sql {
  const { first, last } = milliseconds
  return sql`CASE WHEN ${value} BETWEEN ${numeral(first)} AND ${numeral(last)} THEN TO_TIMESTAMP_NTZ(CAST(${value} AS NUMBER(38, 0)), 3) END`
}

/** A cast to a number without a fraction would round. */
function truncated(value: Sql): Sql {
  const fits = sql`${value} >= ${constant(-(2 ** 63))} AND ${value} < ${constant(2 ** 63)}`
  return sql`CASE WHEN ${fits} THEN CAST(TRUNC(${value}) AS NUMBER(38, 0)) END`
}

/** Spaces, tabs and line ends around it. */
function trimmed(text: Sql): Sql {
  return sql`TRIM(${text}, ${bind(' \t\r\n', 'text')})`
}

function readInteger(text: Sql): Sql {
  const sign = sql`CASE WHEN SUBSTR(${trimmed(text)}, 1, 1) = '-' THEN '-' ELSE '' END`
  const digits = sql`LTRIM(SPLIT_PART(${trimmed(text)}, '.', 1), '+-0')`
  const whole = sql`TRY_TO_NUMBER(CONCAT(${sign}, '0', ${digits}), 38, 0)`
  return sql`CASE WHEN ${matches(trimmed(text), plainNumber)} THEN ${narrow(whole)} ELSE ${truncated(readNumber(text))} END`
}

function readNumber(text: Sql): Sql {
  return sql`CASE WHEN ${matches(trimmed(text), anyNumber)} THEN ${finite(sql`TRY_TO_DOUBLE(${trimmed(text)})`)} END`
}

function readBoolean(text: Sql): Sql {
  return sql`CASE LOWER(${trimmed(text)}) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END`
}

function readDate(text: Sql): Sql {
  const { parts, minutes } = isoParts(
    (index) =>
      sql`COALESCE(REGEXP_SUBSTR(${trimmed(text)}, ${bind(isoDate, 'text')}, 1, 1, 'e', ${numeral(index)}), '')`,
    (digits) => sql`TRY_TO_NUMBER(${digits}, 38, 0)`,
  )
  return sql`CASE WHEN ${matches(trimmed(text), isoDate)} THEN DATEADD('minute', ${minutes}, ${snowflakeInstant(parts)}) END`
}
