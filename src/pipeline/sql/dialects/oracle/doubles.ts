import type { FormulaOperator } from '../../../formulas/formula.ts'
import { keyword, type Sql, sql } from '../../fragment.ts'

/** Arithmetic of doubles, whose results are infinite or no number where they do not fit, and null here. */
export function operateDoubles(operator: FormulaOperator, a: Sql, b: Sql): Sql {
  const [x, y] = [asDouble(a), asDouble(b)]
  if (operator === '%') return finite(sql`MOD(${x}, NULLIF(${y}, 0d))`)
  const divisor = operator === '/' ? sql`NULLIF(${y}, 0d)` : y
  return finite(sql`(${x} ${keyword(operator)} ${divisor})`)
}

export function asDouble(value: Sql): Sql {
  return sql`CAST(${value} AS BINARY_DOUBLE)`
}

/** A double, null where it is infinite or not a number. */
export function finite(value: Sql): Sql {
  return sql`CASE WHEN ${value} IS NOT NAN AND ${value} IS NOT INFINITE THEN ${value} END`
}
