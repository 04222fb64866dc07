import type { ColumnType } from '../../values.ts'
import type { Sql } from '../fragment.ts'

/**
 * What `trim` takes away: everything that Unicode calls white space, and the four separators among the control characters.
 * Listed, because databases have ideas of their own.
 */
export const whitespace =
  '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000'

/**
 * Texts, and values as values of another type. A `text` is any expression of that type. Null gives null unless it says otherwise,
 * and no value ever aborts the query. Characters are Unicode code points, compared exactly: case, accents and trailing spaces count.
 */
export interface TextFunctions {
  /** Every letter of Unicode that has one small letter as its counterpart, not only ASCII. */
  lower(text: Sql): Sql
  upper(text: Sql): Sql
  /** Without the characters of `whitespace` at both ends. */
  trim(text: Sql): Sql
  /** Every occurrence of `old`, which is literal and not empty, from the left and without overlaps. */
  replaceAll(text: Sql, old: Sql, by: Sql): Sql
  /** The n-th part (from 1) between literal, non-empty delimiters: null when there are fewer, the empty text has one. */
  part(text: Sql, delimiter: Sql, n: number): Sql
  /**
   * From one character to another, both included. They count from 1, or from the end when negative (-1 is the last); never 0, at most
   * 31 bits. What lies outside is left out, so a text without any character in between gives the empty text.
   */
  slice(text: Sql, from: number, to: number): Sql
  /** One text, with the separator between those that are not null. Never null: without any it is the empty text. */
  join(texts: readonly Sql[], separator: Sql): Sql
  /**
   * The value in another type, null where there is none:
   *
   * - to integer: numbers and texts lose their fraction (towards 0), true is 1, a date is its milliseconds since 1970;
   * - to number: the same with fractions; nothing infinite;
   * - to text: `textOf` of the dialect;
   * - to boolean: 0 is false and every other number true; the texts `true`, `1`, `false`, `0` in any case; no dates;
   * - to date: milliseconds since 1970 within ±8.64e15, or a text that `parseIsoDate` reads; no booleans.
   *
   * Texts may have spaces, tabs and line ends around. A number in a text is `[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`, and exact as far
   * as integers go. What does not fit into 64 bits is null.
   */
  convert(value: Sql, from: ColumnType, to: ColumnType): Sql
}
