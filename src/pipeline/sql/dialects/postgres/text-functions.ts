import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { casePairs } from '../../letters.ts'
import { convert } from './convert.ts'

export const postgresText: TextFunctions = {
  lower: (text) => changedCase(text, 'lower'),
  upper: (text) => changedCase(text, 'upper'),
  trim: (text) => sql`btrim(${text}, ${bind(whitespace, 'text')})`,
  replaceAll: (text, old, by) => sql`replace(${text}, ${old}, ${by})`,
  part: (text, delimiter, n) => {
    // The array of an empty text has no member.
    const ofEmpty = n === 1 ? text : sql`NULL`
    return sql`CASE WHEN ${text} = '' THEN ${ofEmpty} ELSE (string_to_array(${text}, ${delimiter}))[${integer(n)}] END`
  },
  slice: (text, from, to) => {
    const first = sql`greatest(${position(text, from)}, 1)`
    return sql`substr(${text}, ${first}, greatest(${position(text, to)} - ${first} + 1, 0))`
  },
  join: (texts, separator) => sql`array_to_string(ARRAY[${joinSql(texts, ', ')}], ${separator})`,
  convert,
}

/** The collation "C" knows the letters of ASCII only, others depend on what the server was built with. */
function changedCase(text: Sql, kind: 'lower' | 'upper'): Sql {
  const { from, to } = casePairs(kind)
  const ascii = kind === 'lower' ? sql`lower(${text})` : sql`upper(${text})`
  const all = sql`translate(${ascii}, ${bind(from, 'text')}, ${bind(to, 'text')})`
  return sql`CASE WHEN octet_length(${text}) = length(${text}) THEN ${ascii} ELSE ${all} END`
}

function position(text: Sql, place: number): Sql {
  return place > 0 ? integer(place) : sql`(length(${text}) + 1 + ${integer(place)})`
}

function integer(value: number): Sql {
  return sql`CAST(${bind(Math.min(value, 2 ** 31 - 1), 'integer')} AS integer)`
}
