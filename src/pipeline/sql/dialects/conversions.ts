import type { ColumnType } from '../../values.ts'
import type { Sql } from '../fragment.ts'
import type { TextFunctions } from '../functions/text.ts'

type Conversion = (value: Sql) => Sql

/** What a database has of its own to convert values with. Null gives null, and nothing aborts the query. */
interface OwnConversions {
  cast(value: Sql, type: ColumnType): Sql
  /** An integer or number as a boolean. */
  readonly isTrue: Conversion
  /** A number as an integer, null where it does not fit. */
  readonly truncated: Conversion
  /** Milliseconds since 1970 as a date, null beyond the dates of the database; and back. */
  readonly instantOf: Conversion
  readonly milliseconds: Conversion
  /** Texts as values, as `convert` of `TextFunctions` has it. */
  readonly readInteger: Conversion
  readonly readNumber: Conversion
  readonly readBoolean: Conversion
  readonly readDate: Conversion
  textOf(value: Sql, type: ColumnType): Sql
}

/** `convert` of a dialect. */
export function conversions(own: OwnConversions): TextFunctions['convert'] {
  const same: Conversion = (value) => value
  const { isTrue, truncated, instantOf, milliseconds, cast } = own
  const castTo =
    (type: ColumnType): Conversion =>
    (value) =>
      cast(value, type)
  const nothing =
    (type: ColumnType): Conversion =>
    () =>
      cast({ texts: ['NULL'], values: [] }, type)
  /** How a value of the outer type becomes one of the inner type. */
  const table: { readonly [From in ColumnType]: { readonly [To in Exclude<ColumnType, 'text'>]: Conversion } } = {
    integer: { integer: same, number: castTo('number'), boolean: isTrue, date: instantOf },
    number: { integer: truncated, number: same, boolean: isTrue, date: (value) => instantOf(truncated(value)) },
    text: { integer: own.readInteger, number: own.readNumber, boolean: own.readBoolean, date: own.readDate },
    boolean: {
      integer: castTo('integer'),
      // Not every database makes doubles of booleans.
      number: (value) => cast(cast(value, 'integer'), 'number'),
      boolean: same,
      date: nothing('date'),
    },
    date: {
      integer: (value) => cast(milliseconds(value), 'integer'),
      number: (value) => cast(milliseconds(value), 'number'),
      boolean: nothing('boolean'),
      date: same,
    },
  }
  return (value, from, to) => (to === 'text' ? own.textOf(value, from) : table[from][to](value))
}
