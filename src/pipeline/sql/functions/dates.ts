import type { Sql } from '../fragment.ts'
import type { SqlColumn } from '../relation.ts'

/**
 * A number of a date. `week` counts weeks from Sunday, 0 to 53, and the days before the first Sunday are week 0; `isoYear`, `isoWeek`
 * (1 to 53) and `isoDayOfWeek` (Monday 1 to Sunday 7) are those of ISO 8601; `dayOfWeek` goes from Sunday 1 to Saturday 7, `dayOfYear`
 * from 1, `hour` to 23, `millisecond` to 999.
 */
export type DatePart =
  | 'year'
  | 'quarter'
  | 'month'
  | 'day'
  | 'week'
  | 'dayOfWeek'
  | 'dayOfYear'
  | 'isoYear'
  | 'isoWeek'
  | 'isoDayOfWeek'
  | 'hour'
  | 'minute'
  | 'second'
  | 'millisecond'

/** A stretch of time of the calendar. A `week` begins on Sunday, an `isoWeek` on Monday. */
export type DatePeriod = 'year' | 'quarter' | 'month' | 'week' | 'isoWeek' | 'day'

/** Integers that make an instant. Any of them may be null. */
export interface DateParts {
  readonly year: Sql
  readonly month: Sql
  readonly day: Sql
  readonly hour: Sql
  readonly minute: Sql
  readonly second: Sql
  readonly millisecond: Sql
}

/** A regular expression with `groups` groups. `ours`: nothing that a person wrote is in it, so it may stand in the text of a query. */
export interface DatePattern {
  readonly pattern: string
  readonly groups: readonly unknown[]
  readonly ours: boolean
}

/** Rows with the starts of periods between two dates; all of it but `from` and `start` are columns of `from`. */
export interface PeriodRange {
  readonly from: Sql
  /** The columns that are handed on beside `start`. */
  readonly kept: readonly SqlColumn[]
  readonly first: SqlColumn
  readonly last: SqlColumn
  readonly period: DatePeriod
  /** The name of the new column of dates. */
  readonly start: SqlColumn
}

/**
 * What differs between databases about dates. A date is an instant in UTC with milliseconds. Null gives null everywhere, and no value
 * aborts a query.
 */
export interface DateFunctions {
  /** An integer. */
  part(date: Sql, part: DatePart): Sql
  /** The midnight that the period of the date begins with; null for what is further than 8.64e15 milliseconds from 1970. */
  startOf(date: Sql, period: DatePeriod): Sql
  /**
   * The date one period later (1) or earlier (-1) at the same time of the day; a day that the month lacks becomes its last day. Null
   * within a year of those bounds, or of what the database can hold.
   */
  shift(date: Sql, period: DatePeriod, direction: 1 | -1): Sql
  /** The seconds from one date to another, without their fraction, as an integer; negative when the end is before the start. */
  seconds(start: Sql, end: Sql): Sql
  /**
   * The instant with these parts, null when there is none, such as on 30 February, at 24:00, or in a year that is not from 0 to 9999.
   */
  instant(parts: DateParts): Sql
  /**
   * What the groups (at most nine) of a regular expression match in a text, for `captured`: computed once, as a column of whatever type,
   * that is read for each group. The expression starts with `(?i)^`, ends with `$` and uses nothing that RE2, PCRE and the
   * expressions of Postgres read in different ways.
   */
  captures(text: Sql, pattern: DatePattern): Sql
  /** The text of a group (from 1); null when it matched nothing, or the expression does not match. */
  captured(captures: Sql, group: number): Sql
  /** The integer that a text of at most nine digits says, null for the empty text. */
  digits(text: Sql): Sql
  /** The place (from 1) of a text in a text of words with commas between them; null when it is none of them. */
  placeIn(text: Sql, words: Sql): Sql
  /** An integer of 0 or more as text, with zeros before it up to this width and never cut. */
  padded(integer: Sql, width: number): Sql
  /**
   * A SELECT: for each row of `from`, one row for the start of each period from `first` to `last`, which are starts of periods
   * themselves; none where they are null.
   */
  periods(range: PeriodRange): Sql
}
