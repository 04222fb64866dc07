import type { FormulaOperator } from '../../../formulas/formula.ts'
import { keyword, type Sql, sql } from '../../fragment.ts'

/** A whole number of any size as an integer, null where it does not fit into 64 bits. */
export function narrow(value: Sql): Sql {
  return sql`TRY_CAST(${value} AS bigint)`
}

/** The product of two integers of 64 bits has 38 digits at most. */
export function wide(value: Sql): Sql {
  return sql`CAST(${value} AS decimal(38, 0))`
}

export function operateIntegers(operator: Exclude<FormulaOperator, '/'>, a: Sql, b: Sql): Sql {
  const divisor = operator === '%' ? sql`nullif(${wide(b)}, 0)` : wide(b)
  return narrow(sql`(${wide(a)} ${keyword(operator)} ${divisor})`)
}
