import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { casePairs } from '../../letters.ts'
import { numeral } from '../numeral.ts'
import { convert } from './convert.ts'

const blanks = `[${[...whitespace].map((char) => `\\x{${char.codePointAt(0)?.toString(16)}}`).join('')}]+`
const ends = `^${blanks}|${blanks}$`

export const clickhouseText: TextFunctions = {
  lower: (text) => changedCase(text, 'lower'),
  upper: (text) => changedCase(text, 'upper'),
  trim: (text) => sql`replaceRegexpAll(${text}, ${bind(ends, 'text')}, '')`,
  replaceAll: (text, old, by) => sql`replaceAll(${text}, ${old}, ${by})`,
  part: (text, delimiter, n) => {
    // There is no array that may be null, and a place beyond the end of one has the empty text.
    const parts = sql`splitByString(${delimiter}, coalesce(${text}, ''))`
    const number = numeral(n)
    return sql`CASE WHEN ${text} IS NOT NULL AND length(${parts}) >= ${number} THEN ${parts}[${number}] END`
  },
  slice: (text, from, to) => {
    const first = sql`greatest(${position(text, from)}, 1)`
    return sql`substringUTF8(${text}, ${first}, greatest(${position(text, to)} - ${first} + 1, 0))`
  },
  join: (texts, separator) =>
    sql`arrayStringConcat(arrayFilter(v -> v IS NOT NULL, [${joinSql(texts, ', ')}]), ${separator})`,
  convert,
}

/** `lower` knows the letters of ASCII only, `lowerUTF8` none whose counterpart has another number of bytes. */
function changedCase(text: Sql, kind: 'lower' | 'upper'): Sql {
  const { from, to } = casePairs(kind)
  const ascii = kind === 'lower' ? sql`lower(${text})` : sql`upper(${text})`
  const all = sql`translateUTF8(${ascii}, ${bind(from, 'text')}, ${bind(to, 'text')})`
  return sql`CASE WHEN length(${text}) = lengthUTF8(${text}) THEN ${ascii} ELSE ${all} END`
}

function position(text: Sql, place: number): Sql {
  const number = sql`toInt64(${bind(place, 'integer')})`
  return place > 0 ? number : sql`(toInt64(lengthUTF8(${text})) + 1 + ${number})`
}
