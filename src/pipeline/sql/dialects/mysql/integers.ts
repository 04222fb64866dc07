import type { FormulaOperator } from '../../../formulas/formula.ts'
import { keyword, type Sql, sql } from '../../fragment.ts'

/** A whole number of any size as an integer, null where it does not fit into 64 bits. The number is repeated. */
export function narrow(value: Sql): Sql {
  return sql`CASE WHEN ${value} BETWEEN -9223372036854775808 AND 9223372036854775807 THEN CAST(${value} AS SIGNED) END`
}

export function wide(value: Sql): Sql {
  return sql`CAST(${value} AS DECIMAL(65))`
}

/** Operands are repeated: they have to be columns or constants. */
export function operateIntegers(operator: Exclude<FormulaOperator, '/'>, a: Sql, b: Sql): Sql {
  if (operator === '%') return narrow(sql`(${wide(a)} % nullif(${wide(b)}, 0))`)
  return narrow(sql`(${wide(a)} ${keyword(operator)} ${wide(b)})`)
}
