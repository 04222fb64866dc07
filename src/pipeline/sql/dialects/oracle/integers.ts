import type { FormulaOperator } from '../../../formulas/formula.ts'
import { keyword, type Sql, sql } from '../../fragment.ts'

/** A whole number as an integer, null where it does not fit into 64 bits. The number is repeated. */
export function narrow(value: Sql): Sql {
  return sql`CASE WHEN ${value} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN CAST(${value} AS NUMBER(19)) END`
}

/** The server's own numbers are decimal, with room for the product of two integers. */
export function operateIntegers(operator: Exclude<FormulaOperator, '/'>, a: Sql, b: Sql): Sql {
  if (operator === '%') return sql`MOD(${a}, NULLIF(${b}, 0))`
  return narrow(sql`(${a} ${keyword(operator)} ${b})`)
}
