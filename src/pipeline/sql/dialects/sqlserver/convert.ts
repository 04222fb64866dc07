import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'
import { asDouble } from './doubles.ts'
import { narrow } from './integers.ts'
import { readDate, readInteger, readNumber } from './read-text.ts'
import { textOf, trimmed } from './text.ts'

type Conversion = (value: Sql) => Sql

const same: Conversion = (value) => value
/** Everything but 0 becomes 1. */
const isTrue: Conversion = (value) => sql`CAST(${value} AS bit)`

/** How a value of the outer type becomes one of the inner type. */
const conversions: { readonly [From in ColumnType]: { readonly [To in Exclude<ColumnType, 'text'>]: Conversion } } = {
  integer: { integer: same, number: asDouble, boolean: isTrue, date: instantOf },
  // Doubles lose their fraction.
  number: { integer: narrow, number: same, boolean: isTrue, date: (value) => instantOf(narrow(value)) },
  text: { integer: readInteger, number: readNumber, boolean: readBoolean, date: (text) => instantOf(readDate(text)) },
  boolean: {
    integer: (value) => sql`CAST(${value} AS bigint)`,
    number: asDouble,
    boolean: same,
    date: () => sql`CAST(NULL AS datetime2(3))`,
  },
  date: {
    integer: milliseconds,
    number: (value) => asDouble(milliseconds(value)),
    boolean: () => sql`CAST(NULL AS bit)`,
    date: same,
  },
}

export function convert(value: Sql, from: ColumnType, to: ColumnType): Sql {
  return to === 'text' ? textOf(value, from) : conversions[from][to](value)
}

function milliseconds(date: Sql): Sql {
  return sql`datediff_big(millisecond, '1970-01-01', ${date})`
}

/** By days and the rest, which fit into the 32 bits that the function takes. */
function instantOf(value: Sql): Sql {
  const held = sql`CASE WHEN m.v BETWEEN -62135596800000 AND 253402300799999 THEN m.v END`
  const day = sql`dateadd(day, (${held}) / 86400000, CAST('1970-01-01' AS datetime2(3)))`
  return sql`(SELECT dateadd(millisecond, (${held}) % 86400000, ${day}) FROM (SELECT ${value} AS v) AS m)`
}

function readBoolean(text: Sql): Sql {
  const word = sql`lower(${trimmed(text, ' \t\r\n')})`
  return sql`CASE ${word} WHEN 'true' THEN CAST(1 AS bit) WHEN '1' THEN CAST(1 AS bit) WHEN 'false' THEN CAST(0 AS bit) WHEN '0' THEN CAST(0 AS bit) END`
}
