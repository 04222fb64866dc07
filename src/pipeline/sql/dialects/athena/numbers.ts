import type { FormulaOperator } from '../../../formulas/formula.ts'
import { keyword, type Sql, sql } from '../../fragment.ts'

/** What does not fit into 64 bits would end the query, and so would a divisor of 0. */
export function operateIntegers(operator: Exclude<FormulaOperator, '/'>, a: Sql, b: Sql): Sql {
  return sql`TRY(${a} ${keyword(operator)} ${b})`
}

/** Doubles do not end a query, they become infinite; an infinite divisor is no number, so that nothing finite comes of it. */
export function operateDoubles(operator: FormulaOperator, a: Sql, b: Sql): Sql {
  const [x, y] = [asDouble(a), asDouble(b)]
  const divisor = operator === '/' || operator === '%' ? sql`nullif(${y} % infinity(), 0e0)` : y
  return sql`(${x} ${keyword(operator)} ${divisor})`
}

export function asDouble(value: Sql): Sql {
  return sql`CAST(${value} AS double)`
}

/** Null where it is infinite or not a number. */
export function finite(value: Sql): Sql {
  return sql`CASE WHEN is_finite(${value}) THEN ${value} END`
}

/** An integer whose sums fit. */
export function wide(value: Sql): Sql {
  return sql`CAST(${value} AS decimal(38, 0))`
}

/** Null where it does not fit into 64 bits. */
export function narrow(value: Sql): Sql {
  return sql`TRY_CAST(${value} AS bigint)`
}
