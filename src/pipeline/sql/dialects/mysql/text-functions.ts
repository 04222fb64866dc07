import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { convert } from './convert.ts'
import { exactText } from './text.ts'

const blanks = `[${[...whitespace].map((char) => `\\x{${char.codePointAt(0)?.toString(16)}}`).join('')}]+`
const ends = `\\A${blanks}|${blanks}\\z`

export const mysqlText: TextFunctions = {
  // The collation that compares by code points knows few letters.
  lower: (text) => exactText(sql`lower(${text} COLLATE utf8mb4_unicode_520_ci)`),
  upper: (text) => {
    const upper = sql`upper(${text} COLLATE utf8mb4_unicode_520_ci)`
    return exactText(sql`replace(${exactText(upper)}, ${bind('ß', 'text')}, ${bind('ẞ', 'text')})`)
  },
  trim: (text) => exactText(sql`regexp_replace(${text}, ${bind(ends, 'text')}, '')`),
  replaceAll: (text, old, by) => exactText(sql`replace(${text}, ${old}, ${by})`),
  part: (text, delimiter, n) => {
    const found = sql`(char_length(${text}) - char_length(replace(${text}, ${delimiter}, ''))) DIV char_length(${delimiter})`
    const before = (count: number): Sql => sql`substring_index(${text}, ${delimiter}, ${bind(count, 'integer')})`
    const part =
      n === 1 ? before(1) : sql`substr(${before(n)}, char_length(${before(n - 1)}) + char_length(${delimiter}) + 1)`
    return exactText(sql`CASE WHEN ${found} >= ${bind(n - 1, 'integer')} THEN ${part} END`)
  },
  slice: (text, from, to) => {
    const first = sql`greatest(${position(text, from)}, 1)`
    return exactText(sql`substr(${text}, ${first}, greatest(${position(text, to)} - ${first} + 1, 0))`)
  },
  // MariaDB's concat_ws takes a null behind an empty text for an empty text at times.
  join: (texts, separator) => {
    const pieces = texts.map((text) => sql`coalesce(concat(${separator}, ${text}), '')`)
    return exactText(sql`substr(concat(${joinSql(pieces, ', ')}), char_length(${separator}) + 1)`)
  },
  convert,
}

function position(text: Sql, place: number): Sql {
  return place > 0 ? bind(place, 'integer') : sql`(char_length(${text}) + 1 + ${bind(place, 'integer')})`
}
