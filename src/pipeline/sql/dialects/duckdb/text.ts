import { bind, joinSql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { convert } from './convert.ts'

/** An ENUM is taken for a text by itself, except by slices. */
export const duckdbText: TextFunctions = {
  lower: (text) => sql`lower(${text})`,
  upper: (text) => sql`upper(${text})`,
  trim: (text) => sql`trim(${text}, ${bind(whitespace, 'text')})`,
  replaceAll: (text, old, by) => sql`replace(${text}, ${old}, ${by})`,
  part: (text, delimiter, n) => sql`string_split(${text}, ${delimiter})[${bind(n, 'integer')}]`,
  slice: (text, from, to) =>
    sql`array_slice(CAST(${text} AS VARCHAR), ${bind(from, 'integer')}, ${bind(to, 'integer')})`,
  join: (texts, separator) => sql`concat_ws(${joinSql([separator, ...texts], ', ')})`,
  convert,
}
