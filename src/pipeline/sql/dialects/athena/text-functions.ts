import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { numeral } from '../numeral.ts'
import { convert } from './convert.ts'
import { point } from './pattern.ts'

const blanks = `[${[...whitespace].map((char) => point(char.codePointAt(0) ?? 0)).join('')}]+`
const ends = `\\A${blanks}|${blanks}\\z`

export const athenaText: TextFunctions = {
  lower: (text) => sql`lower(${text})`,
  // The only letter whose capital the server leaves small.
  upper: (text) => sql`replace(upper(${text}), 'ß', 'ẞ')`,
  trim: (text) => sql`regexp_replace(${text}, ${bind(ends, 'text')}, '')`,
  replaceAll: (text, old, by) => sql`replace(${text}, ${old}, ${by})`,
  part: (text, delimiter, n) => sql`element_at(split(${text}, ${delimiter}), ${numeral(n)})`,
  slice: (text, from, to) => {
    const first = sql`greatest(${position(text, from)}, 1)`
    return sql`substr(${text}, ${first}, greatest(${position(text, to)} - ${first} + 1, 0))`
  },
  join: (texts, separator) => sql`array_join(ARRAY[${joinSql(texts, ', ')}], ${separator})`,
  convert,
}

function position(text: Sql, place: number): Sql {
  const number = bind(place, 'integer')
  return place > 0 ? number : sql`(length(${text}) + 1 + ${number})`
}
