import type { ColumnType } from '../../../values.ts'
import { bind, type Sql, sql } from '../../fragment.ts'
import { anyNumber, isoDate, isoParts, plainNumber } from '../iso-date.ts'
import { instantOf, millisecondsOf, redshiftInstant } from './dates.ts'
import { asDouble, constant } from './doubles.ts'
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
    integer: (value) => sql`CAST(CAST(${value} AS integer) AS bigint)`,
    number: (value) => asDouble(sql`CAST(${value} AS integer)`),
    boolean: same,
    date: () => sql`CAST(NULL AS timestamp)`,
  },
  date: {
    integer: millisecondsOf,
    number: (value) => asDouble(millisecondsOf(value)),
    boolean: () => sql`CAST(NULL AS boolean)`,
    date: same,
  },
}

export function convert(value: Sql, from: ColumnType, to: ColumnType): Sql {
  return to === 'text' ? textOf(value, from) : conversions[from][to](value)
}

function truncated(value: Sql): Sql {
  const fits = sql`${value} >= ${constant(-(2 ** 63))} AND ${value} < ${constant(2 ** 63)}`
  return sql`CASE WHEN ${fits} THEN CAST(trunc(${value}) AS bigint) END`
}

/** Spaces, tabs and line ends around it. */
function trimmed(text: Sql): Sql {
  return sql`btrim(${text}, ${bind(' \t\r\n', 'text')})`
}

/** A whole text and one of the expressions of this room, which have neither quotes nor backslashes. The server wants constants. */
function fits(text: Sql, pattern: string): Sql {
  return sql`${text} ~ '^(${{ texts: [pattern], values: [] }})$'`
}

function readInteger(text: Sql): Sql {
  const sign = sql`CASE WHEN substr(${trimmed(text)}, 1, 1) = '-' THEN '-' ELSE '' END`
  const digits = sql`ltrim(split_part(${trimmed(text)}, '.', 1), '+-0')`
  const whole = sql`CASE WHEN length(${digits}) <= 19 THEN CAST(${sign} || '0' || ${digits} AS numeric(38, 0)) END`
  return sql`CASE WHEN ${fits(trimmed(text), plainNumber)} THEN ${narrow(whole)} ELSE ${truncated(readNumber(text))} END`
}

/**
 * The server ends the query for a double that is too large or too small, so it is found out first between which powers of ten a number
 * is: from 1e308 on it counts as too large.
 */
function readNumber(text: Sql): Sql {
  const lower = sql`lower(${trimmed(text)})`
  const mantissa = sql`split_part(${lower}, 'e', 1)`
  const exponent = sql`split_part(${lower}, 'e', 2)`
  const whole = sql`ltrim(split_part(${mantissa}, '.', 1), '+-0')`
  const fraction = sql`split_part(${mantissa}, '.', 2)`
  const zeros = sql`(length(${fraction}) - length(ltrim(${fraction}, '0')))`
  const place = sql`CASE WHEN ${whole} = '' THEN -${zeros} ELSE length(${whole}) END`
  const power = sql`(${place} + CASE WHEN ${exponent} = '' THEN 0 ELSE CAST(${exponent} AS integer) END)`
  return sql`CASE WHEN ${fits(trimmed(text), anyNumber)} THEN CASE
WHEN btrim(${mantissa}, '+-.0') = '' THEN 0
WHEN length(${exponent}) > 9 THEN CASE WHEN substr(${exponent}, 1, 1) = '-' THEN 0 END
WHEN ${power} < -306 THEN 0
WHEN ${power} <= 308 THEN ${asDouble(trimmed(text))}
END END`
}

function readBoolean(text: Sql): Sql {
  return sql`CASE lower(${trimmed(text)}) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END`
}

/** There is no function for one of several groups, but each part has its place. */
function readDate(text: Sql): Sql {
  const iso = trimmed(text)
  const offset = sql`replace(REGEXP_SUBSTR(substr(${iso}, 12), '[+-].*$'), ':', '')`
  const places: ReadonlyMap<number, Sql> = new Map([
    [1, sql`substr(${iso}, 1, 4)`],
    [2, sql`substr(${iso}, 6, 2)`],
    [3, sql`substr(${iso}, 9, 2)`],
    [5, sql`substr(${iso}, 12, 2)`],
    [6, sql`substr(${iso}, 15, 2)`],
    [8, sql`CASE WHEN substr(${iso}, 17, 1) = ':' THEN substr(${iso}, 18, 2) ELSE '' END`],
    [10, sql`substr(REGEXP_SUBSTR(${iso}, '[.][0-9]+'), 2)`],
    [12, sql`substr(${offset}, 1, 1)`],
    [13, sql`substr(${offset}, 2, 2)`],
    [15, sql`substr(${offset}, 4, 2)`],
  ])
  const { parts, minutes } = isoParts(
    (index) => places.get(index) ?? sql`''`,
    (digits) => sql`CAST(${digits} AS integer)`,
  )
  return sql`CASE WHEN ${fits(iso, isoDate)} THEN dateadd(minute, ${minutes}, ${redshiftInstant(parts)}) END`
}
