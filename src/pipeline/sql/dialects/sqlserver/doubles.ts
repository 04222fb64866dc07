import { Problem } from '../../../../base/index.ts'
import type { FormulaOperator } from '../../../formulas/formula.ts'
import { type Sql, sql } from '../../fragment.ts'
import { boundedOperation } from '../bounded-doubles.ts'

/**
 * Operands are repeated: they have to be columns or constants. Errors: `pipeline_invalid` for `%`, which the server only has for exact
 * numbers.
 */
export function operateDoubles(operator: FormulaOperator, a: Sql, b: Sql): Sql {
  return boundedOperation(operator, [a, b], { asDouble, remainder: refused })
}

export function asDouble(value: Sql): Sql {
  return sql`CAST(${value} AS float(53))`
}

function refused(): never {
  throw new Problem('pipeline_invalid', 'SQL Server has no remainder of numbers that are not integers.')
}
