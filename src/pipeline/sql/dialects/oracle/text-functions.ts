import { bind, type Sql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { numeral } from '../numeral.ts'
import { convert } from './convert.ts'
import { trimmed } from './text.ts'

export const oracleText: TextFunctions = {
  lower: (text) => sql`LOWER(${text})`,
  upper: (text) => sql`REPLACE(UPPER(${text}), 'ß', 'ẞ')`,
  trim: (text) => trimmed(text, whitespace),
  replaceAll: (text, old, by) => (isEmpty(by) ? sql`REPLACE(${text}, ${old})` : sql`REPLACE(${text}, ${old}, ${by})`),
  part,
  slice: (text, from, to) => {
    const first = sql`GREATEST(${position(text, from)}, 1)`
    return sql`SUBSTR(${text}, ${first}, ${position(text, to)} - ${first} + 1)`
  },
  // Nulls are left out by the server itself, separators are not.
  join: (texts, separator) => {
    const [first = sql`NULL`, ...rest] = isEmpty(separator)
      ? texts
      : texts.map((text) => sql`CASE WHEN ${text} IS NOT NULL THEN ${separator} || ${text} END`)
    const all = rest.reduce((before, next) => sql`${before} || ${next}`, first)
    return isEmpty(separator) ? sql`(${all})` : sql`SUBSTR(${all}, LENGTH(${separator}) + 1)`
  },
  convert,
}

/** Bound, or a constant: an empty text may not be sent to the server, which takes it for null. */
function isEmpty({ texts, values: [value] }: Sql): boolean {
  return value ? value.value === '' : texts[0] === "''"
}

/** That there are enough delimiters is found out by what is left without them. */
function part(text: Sql, delimiter: Sql, n: number): Sql {
  const { length, find } = delimiterIn(text, delimiter)
  const found = sql`(LENGTH(${text}) - NVL(LENGTH(REPLACE(${text}, ${delimiter})), 0)) / ${length}`
  const start = n === 1 ? sql`1` : sql`${find(n - 1)} + ${length}`
  const end = sql`CASE WHEN ${found} >= ${numeral(n)} THEN ${find(n)} ELSE LENGTH(${text}) + 1 END`
  const cut = sql`SUBSTR(${text}, ${start}, ${end} - (${start}))`
  return n === 1 ? cut : sql`CASE WHEN ${found} >= ${numeral(n - 1)} THEN ${cut} END`
}

interface Delimiter {
  readonly length: Sql
  /** Where it stands for the n-th time. */
  find(n: number): Sql
}

/** The server counts each place of a delimiter, also where it overlaps the one before. */
function delimiterIn(text: Sql, delimiter: Sql): Delimiter {
  const characters = [...String(delimiter.values[0]?.value ?? '')]
  const length = numeral(characters.length)
  const overlaps = characters.some((_, at) => at > 0 && characters.slice(at).every((char, i) => char === characters[i]))
  if (!overlaps) return { length, find: (n) => sql`INSTR(${text}, ${delimiter}, 1, ${numeral(n)})` }
  const find = (n: number): Sql =>
    n === 1 ? sql`INSTR(${text}, ${delimiter})` : sql`INSTR(${text}, ${delimiter}, ${find(n - 1)} + ${length})`
  return { length, find }
}

function position(text: Sql, place: number): Sql {
  const at = bind(place, 'integer')
  return place > 0 ? at : sql`(LENGTH(${text}) + 1 + ${at})`
}
