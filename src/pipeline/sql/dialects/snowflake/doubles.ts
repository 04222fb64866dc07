import { type Sql, sql } from '../../fragment.ts'
import { onlyFinite } from '../finite.ts'

export function asDouble(value: Sql): Sql {
  return sql`CAST(${value} AS FLOAT)`
}

/** A number of this room: without the cast it would be a decimal, of 38 digits at most. */
export function constant(value: number): Sql {
  return asDouble({ texts: [`'${value}'`], values: [] })
}

/** Infinite values, and what is not a number, become null. The value is repeated. */
export function finite(value: Sql): Sql {
  return onlyFinite(value, constant)
}
