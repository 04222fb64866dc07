import type { Sql } from '../fragment.ts'

/** A whole number that this room chose, where a database takes no placeholder or a constant is plainer. */
export function numeral(value: number): Sql {
  return { texts: [String(Math.trunc(value))], values: [] }
}
