import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'
import { conversions } from '../conversions.ts'
import { anyNumber, plainNumber } from '../iso-date.ts'
import { bigqueryInstant } from './dates.ts'
import { withNamed } from './naming.ts'
import { narrow } from './numbers.ts'
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
      return sql`CAST(${value} AS STRING)`
    case 'number':
      return numberText(value)
    case 'date':
      return dateText(value)
  }
}

/** The server writes exponents sooner than JSON, with two digits at least. */
function numberText(value: Sql): Sql {
  const text = sql`CAST(x AS STRING)`
  const isWhole = sql`x = TRUNC(x) AND ABS(x) < 1e15`
  const plain = sql`CAST(CAST(${text} AS BIGNUMERIC) AS STRING)`
  const large = sql`REGEXP_REPLACE(${text}, r'(?:[.]0+)?[eE][+]?0*', 'e+')`
  const small = sql`REGEXP_REPLACE(${text}, r'(?:[.]0+)?[eE]-0*', 'e-')`
  const json = sql`CASE WHEN ${isWhole} THEN CAST(CAST(x AS INT64) AS STRING) WHEN ABS(x) >= 1e21 THEN ${large} WHEN ABS(x) >= 1e-6 THEN ${plain} ELSE ${small} END`
  return withNamed({ x: value }, json)
}

function dateText(value: Sql): Sql {
  const at = (unit: Sql): Sql => sql`x = DATETIME_TRUNC(x, ${unit})`
  const text = sql`CASE WHEN ${at(sql`DAY`)} THEN FORMAT_DATETIME('%E4Y-%m-%d', x) WHEN ${at(sql`SECOND`)} THEN FORMAT_DATETIME('%E4Y-%m-%d %H:%M:%S', x) ELSE FORMAT_DATETIME('%E4Y-%m-%d %H:%M:%E3S', x) END`
  return withNamed({ x: value }, text)
}

function milliseconds(date: Sql): Sql {
  return sql`UNIX_MILLIS(TIMESTAMP(${date}))`
}

function instantOf(value: Sql): Sql {
  return sql`DATETIME(SAFE.TIMESTAMP_MILLIS(${value}))`
}

/** A cast would round. */
function truncated(value: Sql): Sql {
  return narrow(sql`TRUNC(${value})`)
}

/** Spaces, tabs and line ends around it. */
function trimmed(text: Sql): Sql {
  return sql`TRIM(${text}, ' \\t\\r\\n')`
}

/** The digits before the point are the integer; the zero before them is for `.5`. */
function readInteger(text: Sql): Sql {
  const isPlain = sql`REGEXP_CONTAINS(${text}, r'^[ \\t\\r\\n]*${written(plainNumber)}[ \\t\\r\\n]*$')`
  const whole = sql`REGEXP_REPLACE(${trimmed(text)}, r'^[+]?(-?)([0-9]*)[.]?[0-9]*$', r'\\10\\2')`
  return sql`CASE WHEN ${isPlain} THEN ${narrow(whole)} ELSE ${truncated(readNumber(text))} END`
}

function readNumber(text: Sql): Sql {
  const isNumber = sql`REGEXP_CONTAINS(${text}, r'^[ \\t\\r\\n]*${written(anyNumber)}[ \\t\\r\\n]*$')`
  const number = sql`SAFE_CAST(${trimmed(text)} AS FLOAT64)`
  return sql`CASE WHEN ${isNumber} AND NOT IS_INF(${number}) THEN ${number} END`
}

function readBoolean(text: Sql): Sql {
  const word = sql`LOWER(${trimmed(text)})`
  return sql`CASE WHEN ${word} IN ('true', '1') THEN TRUE WHEN ${word} IN ('false', '0') THEN FALSE END`
}

/** Only one group of an expression can be extracted, so all are written into a text with bars between them. */
function readDate(text: Sql): Sql {
  const clock = sql`([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]{1,9}))?)?`
  const offset = sql`(?:[Zz]|([+-](?:[01][0-9]|2[0-3]))(?::?([0-5][0-9]))?)?`
  const pattern = sql`r'^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt ]${clock}${offset})?$'`
  const iso = trimmed(text)
  const groups = sql`SPLIT(REGEXP_REPLACE(${iso}, ${pattern}, r'\\1|\\2|\\3|\\4|\\5|\\6|\\7|\\8|\\9'), '|')`
  const number = (part: Sql): Sql => sql`IFNULL(SAFE_CAST(${part} AS INT64), 0)`
  const local = bigqueryInstant({
    year: number(sql`g[SAFE_ORDINAL(1)]`),
    month: number(sql`g[SAFE_ORDINAL(2)]`),
    day: number(sql`g[SAFE_ORDINAL(3)]`),
    hour: number(sql`g[SAFE_ORDINAL(4)]`),
    minute: number(sql`g[SAFE_ORDINAL(5)]`),
    second: number(sql`g[SAFE_ORDINAL(6)]`),
    millisecond: number(sql`RPAD(g[SAFE_ORDINAL(7)], 3, '0')`),
  })
  const hours = sql`g[SAFE_ORDINAL(8)]`
  const minutes = sql`${number(sql`SUBSTR(${hours}, 2)`)} * 60 + ${number(sql`g[SAFE_ORDINAL(9)]`)}`
  const offsetMinutes = sql`IF(STARTS_WITH(${hours}, '-'), -1, 1) * (${minutes})`
  const instant = sql`SAFE.DATETIME_SUB(${local}, INTERVAL ${offsetMinutes} MINUTE)`
  return sql`CASE WHEN REGEXP_CONTAINS(${iso}, ${pattern}) THEN ${withNamed({ g: groups }, instant)} END`
}

function written(pattern: string): Sql {
  return { texts: [pattern], values: [] }
}
