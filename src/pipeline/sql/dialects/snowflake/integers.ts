import { type Sql, sql } from '../../fragment.ts'

/** A whole number of up to 38 digits, null where it does not fit into 64 bits. The number is repeated. */
export function narrow(value: Sql): Sql {
  return sql`CASE WHEN ${value} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN ${value} END`
}
