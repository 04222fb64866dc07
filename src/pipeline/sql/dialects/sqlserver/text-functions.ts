import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import { type TextFunctions, whitespace } from '../../functions/text.ts'
import { numeral } from '../numeral.ts'
import { convert } from './convert.ts'
import { asCharacters, exactText, lengthOf, trimmed } from './text.ts'

export const sqlserverText: TextFunctions = {
  lower: (text) => exactText(sql`lower(${asCharacters(text)})`),
  upper: (text) => exactText(sql`replace(${exactText(sql`upper(${asCharacters(text)})`)}, N'ß', N'ẞ')`),
  trim: (text) => exactText(trimmed(text, whitespace)),
  replaceAll: (text, old, by) => exactText(sql`replace(${text}, ${old}, ${by})`),
  part: (text, delimiter, n) => exactText(part(text, delimiter, n)),
  slice: (text, from, to) => {
    const ends = sql`SELECT ${asCharacters(text)} AS t, ${position(text, from)} AS f, ${position(text, to)} AS l`
    const first = sql`CASE WHEN p.f < 1 THEN 1 ELSE p.f END`
    const count = sql`CASE WHEN p.l < ${first} THEN 0 ELSE p.l - ${first} + 1 END`
    return exactText(sql`(SELECT substring(p.t, ${first}, ${count}) FROM (${ends}) AS p)`)
  },
  join: (texts, separator) => exactText(sql`concat_ws(${joinSql([separator, ...texts], ', ')})`),
  convert,
}

/** Where the part begins is found from delimiter to delimiter; that there are enough of them, by what is left without them. */
function part(text: Sql, delimiter: Sql, n: number): Sql {
  let start = sql`1`
  for (let count = 1; count < n; count++) start = sql`charindex(p.d, ${text}, ${start}) + p.n`
  const found = sql`(${lengthOf(text)} - ${lengthOf(sql`replace(${text}, p.d, N'')`)}) / p.n`
  const end = sql`CASE WHEN p.c >= ${numeral(n)} THEN charindex(p.d, ${text}, ${start}) - (${start}) ELSE 2147483647 END`
  const given = sql`SELECT ${delimiter} AS d, ${lengthOf(delimiter)} AS n`
  const counted = sql`SELECT p.d, p.n, ${found} AS c FROM (${given}) AS p`
  return sql`(SELECT CASE WHEN p.c >= ${numeral(n - 1)} THEN substring(${text}, ${start}, ${end}) END FROM (${counted}) AS p)`
}

function position(text: Sql, place: number): Sql {
  const at = bind(place, 'integer')
  return place > 0 ? at : sql`${lengthOf(asCharacters(text))} + 1 + ${at}`
}
