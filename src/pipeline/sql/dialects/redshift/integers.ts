import type { FormulaOperator } from '../../../formulas/formula.ts'
import { keyword, type Sql, sql } from '../../fragment.ts'
import { narrow } from '../postgres/integers.ts'

export { narrow }

/** A decimal of as many digits as an integer may have: without a number there would be 18. */
export function wide(value: Sql): Sql {
  return sql`CAST(${value} AS numeric(19, 0))`
}

/** The product of two has 38 digits, which is as many as there can be. Operands are repeated: they have to be columns or constants. */
export function operateIntegers(operator: Exclude<FormulaOperator, '/'>, a: Sql, b: Sql): Sql {
  if (operator === '%') return sql`(${a} % nullif(${b}, 0))`
  return narrow(sql`(${wide(a)} ${keyword(operator)} ${wide(b)})`)
}
