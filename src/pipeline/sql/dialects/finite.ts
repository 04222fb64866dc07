import { double, type Sql, sql } from '../fragment.ts'

/** Infinite values, and what is not a number, become null. The value is repeated. `constant` writes the ends of the range. */
export function onlyFinite(value: Sql, constant: (value: number) => Sql = double): Sql {
  return sql`CASE WHEN ${value} BETWEEN ${constant(-Number.MAX_VALUE)} AND ${constant(Number.MAX_VALUE)} THEN ${value} END`
}
