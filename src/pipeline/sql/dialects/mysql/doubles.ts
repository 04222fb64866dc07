import type { FormulaOperator } from '../../../formulas/formula.ts'
import { type Sql, sql } from '../../fragment.ts'
import { boundedOperation, boundedSum } from '../bounded-doubles.ts'

/** Operands are repeated: they have to be columns or constants. */
export function operateDoubles(operator: FormulaOperator, a: Sql, b: Sql): Sql {
  return boundedOperation(operator, [a, b], { asDouble, remainder: (x, y) => sql`(${x} % nullif(${y}, 0))` })
}

export function asDouble(value: Sql): Sql {
  return sql`CAST(${value} AS DOUBLE)`
}

/** The server's own sum would be 0 where it is too large. */
export const sumOfDoubles = boundedSum
