import type { FormulaOperator } from '../../formulas/formula.ts'
import { double, keyword, type Sql, sql } from '../fragment.ts'

/** A whole power of 2 as a double. */
const power = (exponent: number): Sql => double(2 ** exponent)

/** What such a database has of its own. */
interface Own {
  asDouble(value: Sql): Sql
  /** The rest of a division of doubles, null for a divisor of 0. */
  remainder(x: Sql, y: Sql): Sql
}

/**
 * Arithmetic of doubles that gives null where a server ends the query because a result is too large. Whether it fits is computed
 * first, from operands that are scaled by powers of 2, which changes no digit of those that matter. Operands are repeated: they have to
 * be columns or constants.
 */
export function boundedOperation(operator: FormulaOperator, [a, b]: readonly [Sql, Sql], own: Own): Sql {
  const [x, y] = [own.asDouble(a), own.asDouble(b)]
  const result = sql`${x} ${keyword(operator)} ${y}`
  switch (operator) {
    case '+':
    case '-':
      return sql`CASE WHEN abs(${x} * 0.5e0 ${keyword(operator)} ${y} * 0.5e0) < ${power(1023)} THEN ${result} END`
    case '*':
      return sql`CASE WHEN abs(${x} * ${power(-512)}) * abs(${y} * ${power(-512)}) < 1 THEN ${result} END`
    case '/':
      return sql`CASE
WHEN ${y} = 0 THEN NULL
WHEN abs(${y}) >= 1 THEN ${result}
WHEN abs(${x} * ${power(-550)}) / abs(${y} * ${power(550)}) < ${power(-76)} THEN ${result}
END`
    case '%':
      return own.remainder(x, y)
  }
}

/**
 * The sum of the non-null values of a group, 0 without any, or of a window, null without any; null where it is too large: what could
 * make it so large is summed by itself, divided by 2^64.
 */
export function boundedSum(value: Sql, over?: { readonly window: Sql }): Sql {
  const sum = (values: Sql): Sql => (over ? sql`sum(${values}) OVER (${over.window})` : sql`sum(${values})`)
  const small = sum(sql`CASE WHEN abs(${value}) < 1e290 THEN ${value} END`)
  const large = sum(sql`CASE WHEN abs(${value}) >= 1e290 THEN ${value} * ${power(-64)} END`)
  const none = over ? large : sql`0e0`
  const together = sql`${large} + coalesce(${small}, 0e0) * ${power(-64)}`
  return sql`CASE WHEN coalesce(${large}, 0e0) = 0 THEN coalesce(${small}, ${none}) WHEN abs(${together}) < ${power(960)} THEN (${together}) * ${power(64)} END`
}
