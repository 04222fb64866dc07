import { bind, type Sql, sql } from '../fragment.ts'
import type { TextFunctions } from '../functions/text.ts'
import { casePairs } from '../letters.ts'
import { numeral } from './numeral.ts'

/** Where `length` counts characters and `split_part` gives an empty text for a part that there is not. */
export const splitsAndSlices: Pick<TextFunctions, 'replaceAll' | 'part' | 'slice'> = {
  replaceAll: (text, old, by) => sql`replace(${text}, ${old}, ${by})`,
  part: (text, delimiter, n) => {
    const found = sql`length(${text}) - length(replace(${text}, ${delimiter}, ''))`
    return sql`CASE WHEN ${found} >= ${numeral(n - 1)} * length(${delimiter}) THEN split_part(${text}, ${delimiter}, ${numeral(n)}) END`
  },
  slice: (text, from, to) => {
    const first = from > 0 ? numeral(from) : sql`greatest(${position(text, from)}, 1)`
    return sql`substr(${text}, ${first}, greatest(${position(text, to)} - ${first} + 1, 0))`
  },
}

function position(text: Sql, place: number): Sql {
  return place > 0 ? numeral(Math.min(place, 2 ** 31 - 1)) : sql`(length(${text}) + 1 - ${numeral(-place)})`
}

const capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const smalls = capitals.toLowerCase()

/** Letter by letter: functions of databases make two letters of some, or know where in a word a sigma stands. */
export const translatesCase: Pick<TextFunctions, 'lower' | 'upper'> = {
  lower: (text) => translated(text, 'lower'),
  upper: (text) => translated(text, 'upper'),
}

function translated(text: Sql, kind: 'lower' | 'upper'): Sql {
  const { from, to } = casePairs(kind)
  const ascii = kind === 'lower' ? [capitals, smalls] : [smalls, capitals]
  return sql`translate(${text}, ${bind(`${ascii[0]}${from}`, 'text')}, ${bind(`${ascii[1]}${to}`, 'text')})`
}
