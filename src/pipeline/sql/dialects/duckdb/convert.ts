import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'

type Conversion = (value: Sql) => Sql

const same: Conversion = (value) => value

/** How a value of the outer type becomes one of the inner type. */
const conversions: { readonly [From in ColumnType]: { readonly [To in ColumnType]: Conversion } } = {
  integer: {
    integer: same,
    number: (value) => sql`CAST(${value} AS DOUBLE)`,
    text: (value) => sql`CAST(${value} AS VARCHAR)`,
    boolean: (value) => sql`(${value} <> 0)`,
    date: instant,
  },
  number: {
    integer: truncated,
    number: same,
    text: numberText,
    boolean: (value) => sql`CASE WHEN isfinite(${value}) THEN ${value} <> 0 END`,
    date: (value) => instant(truncated(value)),
  },
  text: {
    integer: readInteger,
    number: readNumber,
    text: same,
    boolean: readBoolean,
    date: readDate,
  },
  boolean: {
    integer: (value) => sql`CAST(${value} AS BIGINT)`,
    number: (value) => sql`CAST(${value} AS DOUBLE)`,
    text: (value) => sql`CAST(${value} AS VARCHAR)`,
    boolean: same,
    date: () => sql`CAST(NULL AS TIMESTAMP)`,
  },
  date: {
    // Infinite dates give null.
    integer: (value) => sql`epoch_ms(${value})`,
    number: (value) => sql`CAST(epoch_ms(${value}) AS DOUBLE)`,
    text: dateText,
    boolean: () => sql`CAST(NULL AS BOOLEAN)`,
    date: same,
  },
}

export function convert(value: Sql, from: ColumnType, to: ColumnType): Sql {
  return conversions[from][to](value)
}

/** `textOf` of the dialect. A text that is an ENUM stops being one. */
export function textOf(value: Sql, type: ColumnType): Sql {
  return type === 'text' ? sql`CAST(${value} AS VARCHAR)` : convert(value, type, 'text')
}

/** JSON knows neither `10.0` nor `1e21` without a plus sign, both of which DuckDB writes. */
function numberText(value: Sql): Sql {
  const json = sql`CAST(to_json(${value}) AS VARCHAR)`
  const large = sql`regexp_replace(replace(${json}, 'e', 'e+'), '\\.0$', '')`
  return sql`CASE WHEN NOT isfinite(${value}) THEN NULL WHEN abs(${value}) >= 1e15 THEN ${large} WHEN ${value} % 1 = 0 THEN CAST(CAST(${value} AS BIGINT) AS VARCHAR) ELSE ${json} END`
}

function dateText(value: Sql): Sql {
  const day = sql`strftime(${value}, '%Y-%m-%d')`
  const second = sql`strftime(${value}, '%Y-%m-%d %H:%M:%S')`
  const millisecond = sql`strftime(${value}, '%Y-%m-%d %H:%M:%S.%g')`
  return sql`CASE WHEN NOT isfinite(${value}) THEN NULL WHEN ${value} = date_trunc('day', ${value}) THEN ${day} WHEN ${value} = date_trunc('second', ${value}) THEN ${second} ELSE ${millisecond} END`
}

/** Not a number, infinite or beyond 64 bits: null. */
function truncated(value: Sql): Sql {
  return sql`TRY_CAST(trunc(${value}) AS BIGINT)`
}

/** The function aborts outside of what a timestamp can hold, so it never sees such a value. */
function instant(value: Sql): Sql {
  return sql`epoch_ms(CASE WHEN ${value} BETWEEN -8640000000000000 AND 8640000000000000 THEN ${value} END)`
}

/**
 * DuckDB would round, and read `1_000` and `0x10`. The digits before the point are the integer; the zero before them is for `.5`.
 */
function readInteger(text: Sql): Sql {
  const isInteger = sql`regexp_full_match(${text}, '[ \\t\\r\\n]*[+-]?\\d+[ \\t\\r\\n]*')`
  const isDecimal = sql`regexp_full_match(${text}, '[ \\t\\r\\n]*[+-]?(?:\\d+\\.\\d*|\\.\\d+)[ \\t\\r\\n]*')`
  const whole = sql`regexp_replace(${text}, '(?s)^[ \\t\\r\\n]*([+-]?)(\\d*).*', '\\10\\2')`
  return sql`CASE WHEN ${isInteger} THEN TRY_CAST(${text} AS BIGINT) WHEN ${isDecimal} THEN TRY_CAST(${whole} AS BIGINT) ELSE ${truncated(readNumber(text))} END`
}

function readNumber(text: Sql): Sql {
  const number = sql`TRY_CAST(${text} AS DOUBLE)`
  const isNumber = sql`regexp_full_match(${text}, '[ \\t\\r\\n]*[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?[ \\t\\r\\n]*')`
  return sql`CASE WHEN ${isNumber} AND isfinite(${number}) THEN ${number} END`
}

function readBoolean(text: Sql): Sql {
  const word = sql`lower(trim(${text}, ' \t\r\n'))`
  return sql`CASE ${word} WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END`
}

/** A timestamp of DuckDB passes over the offset and wants seconds before it, so the offset is taken off and reckoned with here. */
function readDate(text: Sql): Sql {
  const day = sql`[ \\t\\r\\n]*\\d{4}-\\d{2}-\\d{2}`
  const time = sql`[Tt ](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?`
  const isUtc = sql`regexp_full_match(${text}, '${day}(?:${time}[Zz]?)?[ \\t\\r\\n]*')`
  const hasOffset = sql`regexp_full_match(${text}, '${day}${time}[+-](?:[01]\\d|2[0-3])(?::?[0-5]\\d)?[ \\t\\r\\n]*')`
  const clock = sql`regexp_extract(${text}, '^[ \\t\\r\\n]*(\\d{4}-\\d{2}-\\d{2}(?:[Tt ]\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,3})?)?)?)', 1)`
  const local = sql`TRY_CAST(upper(${clock}) AS TIMESTAMP)`
  const hours = sql`regexp_extract(${text}, ':[\\d:.]*([+-]\\d{2})', 1)`
  const minutes = sql`regexp_extract(${text}, ':[\\d:.]*[+-]\\d{2}:?(\\d{2})', 1)`
  const signed = sql`TRY_CAST(concat(left(${hours}, 1), ${minutes}) AS BIGINT)`
  const offset = sql`to_minutes(60 * TRY_CAST(${hours} AS BIGINT) + coalesce(${signed}, 0))`
  return sql`CASE WHEN ${isUtc} THEN ${local} WHEN ${hasOffset} THEN ${local} - ${offset} END`
}
