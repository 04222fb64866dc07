import type { Value } from '../../../values.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import { parameterText, withoutYear } from '../parameter.ts'

/** The longest parameter that Athena takes, in the quotes that a text has. */
const longest = 1024

/**
 * A parameter as Athena takes it: the text of a literal. Whole numbers stand as they are, where LIMIT wants them; all else is in quotes,
 * with those inside of it doubled, and cast to its type.
 */
export function athenaParameter(value: Value): string {
  const text = parameterText(value, dateText)
  if (text === null) return 'NULL'
  return Number.isSafeInteger(value) ? text : `'${text.replaceAll("'", "''")}'`
}

export function athenaRefusal(value: Value): string | undefined {
  if (athenaParameter(value).length <= longest) return undefined
  return `Athena takes no value of more than ${longest} characters.`
}

/** A text of this room or a list of a person's, however long. */
export function bindLong(text: string): Sql {
  const pieces = text.match(/.{1,400}/gsu) ?? ['']
  const [only, ...others] = pieces.map((piece) => bind(piece, 'text'))
  if (only && others.length === 0) return only
  return sql`concat(${joinSql(
    pieces.map((piece) => bind(piece, 'text')),
    ', ',
  )})`
}

function dateText(date: Date): string {
  const year = date.getUTCFullYear()
  if (year < 0) return '0000-01-01 00:00:00.000'
  return year > 9999 ? '9999-12-31 23:59:59.999' : `${String(year).padStart(4, '0')}-${withoutYear(date)}`
}
