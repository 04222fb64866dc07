import type { FormulaOperator } from '../../../formulas/formula.ts'
import { type Sql, sql } from '../../fragment.ts'
import { withNamed } from './naming.ts'

/** The server ends the query for a result that does not fit; these functions give null instead. */
const safe: { readonly [O in Exclude<FormulaOperator, '%'>]: (a: Sql, b: Sql) => Sql } = {
  '+': (a, b) => sql`SAFE_ADD(${a}, ${b})`,
  '-': (a, b) => sql`SAFE_SUBTRACT(${a}, ${b})`,
  '*': (a, b) => sql`SAFE_MULTIPLY(${a}, ${b})`,
  '/': (a, b) => sql`SAFE_DIVIDE(${a}, ${b})`,
}

export function operateIntegers(operator: Exclude<FormulaOperator, '/'>, a: Sql, b: Sql): Sql {
  return operator === '%' ? sql`MOD(${a}, NULLIF(${b}, 0))` : safe[operator](a, b)
}

export function operateDoubles(operator: FormulaOperator, a: Sql, b: Sql): Sql {
  const [x, y] = [asDouble(a), asDouble(b)]
  return operator === '%' ? remainder(x, y) : safe[operator](x, y)
}

/**
 * There is no remainder of doubles. Between 1e-15 and 1e38 that of decimal numbers is exact enough for a double; what is further away has
 * lost its digits before the remainder could tell.
 */
function remainder(a: Sql, b: Sql): Sql {
  const exact = sql`CAST(MOD(CAST(x AS BIGNUMERIC), CAST(y AS BIGNUMERIC)) AS FLOAT64)`
  const near = sql`SAFE_SUBTRACT(x, SAFE_MULTIPLY(y, TRUNC(SAFE_DIVIDE(x, y))))`
  const value = sql`CASE WHEN y = 0 THEN NULL WHEN ABS(x) < ABS(y) THEN x WHEN ABS(x) < 1e38 AND ABS(y) >= 1e-15 THEN ${exact} ELSE ${near} END`
  return withNamed({ x: a, y: b }, value)
}

export function asDouble(value: Sql): Sql {
  return sql`CAST(${value} AS FLOAT64)`
}

/** The sum of 64 bit integers, of any size. */
export function wide(value: Sql): Sql {
  return sql`CAST(${value} AS NUMERIC)`
}

/** Null where it does not fit into 64 bits. */
export function narrow(value: Sql): Sql {
  return sql`SAFE_CAST(${value} AS INT64)`
}
