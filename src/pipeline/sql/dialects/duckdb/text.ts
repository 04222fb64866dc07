import { bind, joinSql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { convert } from './convert.ts'

/** The function `trim` makes a set of the characters again for every row. None of them means anything in a class. */
const ends = `^[${whitespace}]+|[${whitespace}]+$`

/** An ENUM is taken for a text by itself, except by slices. */
export const duckdbText: TextFunctions = {
  lower: (text) => sql`lower(${text})`,
  upper: (text) => sql`upper(${text})`,
  trim: (text) => sql`regexp_replace(${text}, ${bind(ends, 'text')}, '', 'g')`,
  replaceAll: (text, old, by) => sql`replace(${text}, ${old}, ${by})`,
  part: (text, delimiter, n) => sql`string_split(${text}, ${delimiter})[${bind(n, 'integer')}]`,
  slice: (text, from, to) =>
    sql`array_slice(CAST(${text} AS VARCHAR), ${bind(from, 'integer')}, ${bind(to, 'integer')})`,
  join: (texts, separator) => sql`concat_ws(${joinSql([separator, ...texts], ', ')})`,
  convert,
}
