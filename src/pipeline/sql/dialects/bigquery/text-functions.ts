import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { translatesCase } from '../characters.ts'
import { numeral } from '../numeral.ts'
import { convert } from './convert.ts'

export const bigqueryText: TextFunctions = {
  ...translatesCase,
  trim: (text) => sql`TRIM(${text}, ${bind(whitespace, 'text')})`,
  replaceAll: (text, old, by) => sql`REPLACE(${text}, ${old}, ${by})`,
  part: (text, delimiter, n) => sql`SPLIT(${text}, ${delimiter})[SAFE_ORDINAL(${numeral(n)})]`,
  slice: (text, from, to) => {
    const first = sql`GREATEST(${position(text, from)}, 1)`
    return sql`SUBSTR(${text}, ${first}, GREATEST(${position(text, to)} - ${first} + 1, 0))`
  },
  join: (texts, separator) => sql`ARRAY_TO_STRING([${joinSql(texts, ', ')}], ${separator})`,
  convert,
}

function position(text: Sql, place: number): Sql {
  const number = bind(place, 'integer')
  return place > 0 ? number : sql`(CHAR_LENGTH(${text}) + 1 + ${number})`
}
