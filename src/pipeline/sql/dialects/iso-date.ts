import { type Sql, sql } from '../fragment.ts'
import type { DateParts } from '../functions/dates.ts'

const clock = '([01][0-9]|2[0-3]):([0-5][0-9])(:([0-5][0-9])([.]([0-9]{1,9}))?)?'
const offset = '([Zz]|([+-])([01][0-9]|2[0-3])(:?([0-5][0-9]))?)?'
/** What `convert` reads as a date, without the blanks around it: a regular expression whose groups all count. */
export const isoDate = `([0-9]{4})-([0-9]{2})-([0-9]{2})([Tt ]${clock}${offset})?`

/** What it reads as a number without an exponent, and as any number. */
export const plainNumber = '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)'
export const anyNumber = `${plainNumber}([eE][+-]?[0-9]+)?`

/**
 * The parts of a text that fits `isoDate`, by the clock of its place, and the minutes to go from there to UTC. `group` is the text that
 * a group matched, never null; `integer` what digits say.
 */
export function isoParts(
  group: (index: number) => Sql,
  integer: (digits: Sql) => Sql,
): { readonly parts: DateParts; readonly minutes: Sql } {
  const part = (index: number): Sql => integer(sql`concat('0', ${group(index)})`)
  const parts = {
    year: part(1),
    month: part(2),
    day: part(3),
    hour: part(5),
    minute: part(6),
    second: part(8),
    millisecond: integer(sql`rpad(substr(${group(10)}, 1, 3), 3, '0')`),
  }
  return { parts, minutes: sql`(${part(13)} * 60 + ${part(15)}) * CASE WHEN ${group(12)} = '-' THEN 1 ELSE -1 END` }
}
