import type { ColumnType } from '../../../values.ts'
import { double, type Sql, sql } from '../../fragment.ts'
import { postgresInstant } from './dates.ts'
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
    integer: (value) => sql`CAST(CAST(${value} AS integer) AS bigint)`,
    number: (value) => asDouble(sql`CAST(${value} AS integer)`),
    boolean: same,
    date: () => sql`CAST(NULL AS timestamp(3))`,
  },
  date: {
    integer: milliseconds,
    number: (value) => asDouble(milliseconds(value)),
    boolean: () => sql`CAST(NULL AS boolean)`,
    date: same,
  },
}

export function convert(value: Sql, from: ColumnType, to: ColumnType): Sql {
  return to === 'text' ? textOf(value, from) : conversions[from][to](value)
}

function milliseconds(date: Sql): Sql {
  return sql`CAST(extract(epoch FROM ${date}) * 1000 AS bigint)`
}

/** From the first date of the server on, which is later than the first of the other engines. */
function instantOf(value: Sql): Sql {
  const days = sql`${value} / 86400000 * INTERVAL '1 day'`
  const rest = sql`${value} % 86400000 * INTERVAL '1 millisecond'`
  return sql`CASE WHEN ${value} BETWEEN -210866803200000 AND 8640000000000000 THEN CAST(TIMESTAMP '1970-01-01' + ${days} + ${rest} AS timestamp(3)) END`
}

function truncated(value: Sql): Sql {
  const fits = sql`${value} >= ${double(-(2 ** 63))} AND ${value} < ${double(2 ** 63)}`
  return sql`CASE WHEN ${fits} THEN CAST(trunc(${value}) AS bigint) END`
}

/** Longer texts are no numbers that anybody means, and more digits than the server's decimals hold. */
const mostDigits = sql`5000`

function readInteger(text: Sql): Sql {
  const isPlain = sql`${text} ~ '^[ \\t\\r\\n]*[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)[ \\t\\r\\n]*$' AND length(${text}) <= ${mostDigits}`
  return sql`CASE WHEN ${isPlain} THEN ${narrow(sql`trunc(CAST(${text} AS numeric))`)} ELSE ${truncated(readNumber(text))} END`
}

/** By way of a decimal number: the server ends the query for a double that is too large or too small. */
function readNumber(text: Sql): Sql {
  const pattern = (exponent: Sql): Sql =>
    sql`${text} ~ '^[ \\t\\r\\n]*[+-]?(?:[0-9]+[.]?[0-9]*|[.][0-9]+)${exponent}[ \\t\\r\\n]*$' AND length(${text}) <= ${mostDigits}`
  const size = sql`abs(CAST(${text} AS numeric))`
  const isZero = sql`${text} ~ '^[^1-9eE]*[eE]' OR ${text} ~ '[eE]-'`
  return sql`CASE
WHEN ${pattern(sql`(?:[eE][+-]?0*[0-9]{1,4})?`)} THEN CASE WHEN ${size} < 2.5e-324 THEN 0 WHEN ${size} < 1.7976931348623158079e308 THEN ${asDouble(sql`CAST(${text} AS numeric)`)} END
WHEN ${pattern(sql`[eE][+-]?[0-9]+`)} THEN CASE WHEN ${isZero} THEN 0 END
END`
}

function readBoolean(text: Sql): Sql {
  return sql`CASE lower(btrim(${text}, E' \\t\\r\\n')) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END`
}

function readDate(text: Sql): Sql {
  const clock = sql`([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]{1,9}))?)?`
  const offset = sql`(?:[Zz]|([+-])([01][0-9]|2[0-3])(?::?([0-5][0-9]))?)?`
  const pattern = sql`'^[ \\t\\r\\n]*([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[Tt ]${clock}${offset})?[ \\t\\r\\n]*$'`
  const number = (part: Sql): Sql => sql`CAST(coalesce(${part}, '0') AS integer)`
  const local = postgresInstant({
    year: number(sql`r.m[1]`),
    month: number(sql`r.m[2]`),
    day: number(sql`r.m[3]`),
    hour: number(sql`r.m[4]`),
    minute: number(sql`r.m[5]`),
    second: number(sql`r.m[6]`),
    millisecond: sql`CAST(left(rpad(coalesce(r.m[7], ''), 3, '0'), 3) AS integer)`,
  })
  const minutes = sql`CASE WHEN r.m[8] = '-' THEN -1 ELSE 1 END * (${number(sql`r.m[9]`)} * 60 + ${number(sql`r.m[10]`)})`
  return sql`(SELECT CASE WHEN r.m IS NOT NULL THEN ${local} - ${minutes} * INTERVAL '1 minute' END FROM (SELECT regexp_match(${text}, ${pattern}) AS m OFFSET 0) AS r)`
}
