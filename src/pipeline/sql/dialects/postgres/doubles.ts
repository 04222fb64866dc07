import type { FormulaOperator } from '../../../formulas/formula.ts'
import { double, keyword, type Sql, sql } from '../../fragment.ts'

/**
 * Arithmetic of doubles that gives null where PostgreSQL ends the query because a result is infinite, and 0 where it does so because
 * one is too small. Whether a result fits is computed first, from operands that are scaled by powers of 2, which changes no digit.
 * Operands are repeated: they have to be columns or constants.
 */
export function operateDoubles(operator: FormulaOperator, a: Sql, b: Sql): Sql {
  const [x, y] = [asDouble(a), asDouble(b)]
  switch (operator) {
    case '+':
    case '-':
      return added(x, y, operator)
    case '*':
      return multiplied(x, y)
    case '/':
      return divided(x, y)
    case '%':
      return remainder(x, y)
  }
}

export function asDouble(value: Sql): Sql {
  return sql`CAST(${value} AS double precision)`
}

const power = (exponent: number): Sql => double(2 ** exponent)

function added(x: Sql, y: Sql, operator: '+' | '-'): Sql {
  const result = sql`${x} ${keyword(operator)} ${y}`
  const half = sql`${x} * 0.5 ${keyword(operator)} ${y} * 0.5`
  return sql`CASE WHEN least(abs(${x}), abs(${y})) < 1e200 THEN ${result} WHEN abs(${half}) < ${power(1023)} THEN ${result} END`
}

function multiplied(x: Sql, y: Sql): Sql {
  const result = sql`${x} * ${y}`
  const large = sql`abs(${x} * ${power(-512)}) * abs(${y} * ${power(-512)}) < 1`
  const small = sql`abs(${x} * ${power(500)}) * abs(${y} * ${power(500)}) > ${power(-75)}`
  return sql`CASE
WHEN ${x} = 0 OR ${y} = 0 THEN ${result}
WHEN abs(${x}) >= 1 AND abs(${y}) >= 1 THEN CASE WHEN ${large} THEN ${result} END
WHEN abs(${x}) >= 1 OR abs(${y}) >= 1 THEN ${result}
WHEN abs(${x}) < 1e-200 AND abs(${y}) < 1e-200 THEN 0
WHEN ${small} THEN ${result}
WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN 0
END`
}

function divided(x: Sql, y: Sql): Sql {
  const result = sql`${x} / ${y}`
  const large = sql`abs(${x} * ${power(-512)}) / abs(${y} * ${power(512)}) < 1`
  const small = sql`abs(${x} * ${power(500)}) / abs(${y} * ${power(-500)}) > ${power(-75)}`
  return sql`CASE
WHEN ${y} = 0 THEN NULL
WHEN ${x} = 0 OR abs(${y}) = 1 THEN ${result}
WHEN abs(${y}) < 1 AND abs(${x}) < 1e-100 THEN ${result}
WHEN abs(${y}) < 1e-200 AND abs(${x}) > 1e150 THEN NULL
WHEN abs(${y}) < 1 THEN CASE WHEN ${large} THEN ${result} END
WHEN abs(${x}) >= 1 THEN ${result}
WHEN abs(${x}) < 1e-200 AND abs(${y}) > 1e200 THEN 0
WHEN ${small} THEN ${result}
WHEN ${x} IS NOT NULL AND ${y} IS NOT NULL THEN 0
END`
}

/**
 * There is no remainder of doubles. Both are taken apart into a whole number and a power of 2, the rest of the whole numbers is exact,
 * and so is its way back. `n`: the number, `e`: the exponent of 2.
 */
function remainder(x: Sql, y: Sql): Sql {
  const parts = (value: Sql): Sql =>
    sql`CAST(CAST('x' || encode(float8send(abs(${value})), 'hex') AS bit(64)) AS bigint)`
  const number = (bits: Sql): Sql =>
    sql`CAST((${bits} & 4503599627370495) + CASE WHEN ${bits} >> 52 > 0 THEN 4503599627370496 ELSE 0 END AS numeric)`
  const exponent = (bits: Sql): Sql => sql`greatest(${bits} >> 52, 1) - 1075`
  const [a, b] = [sql`p.a`, sql`p.b`]
  const taken = sql`SELECT ${number(a)} AS m, ${number(b)} AS n, ${exponent(a)} AS e, ${exponent(b)} AS f FROM (SELECT ${parts(x)} AS a, ${parts(y)} AS b OFFSET 0) AS p OFFSET 0`
  const scaled = (value: Sql, own: Sql): Sql =>
    sql`${value} * power(CAST(2 AS numeric), CAST(${own} - least(q.e, q.f) AS numeric))`
  const rest = sql`mod(trunc(${scaled(sql`q.m`, sql`q.e`)}), trunc(${scaled(sql`q.n`, sql`q.f`)}))`
  const back = sql`SELECT CAST(${rest} AS double precision) AS r, least(q.e, q.f) AS e FROM (${taken}) AS q OFFSET 0`
  const two = asDouble(sql`2`)
  // In two steps, since 2 to the least exponent is not a normal number.
  const value = sql`CASE WHEN s.r = 0 THEN 0 ELSE s.r * power(${two}, greatest(s.e, -1000)) * power(${two}, least(s.e + 1000, 0)) END`
  return sql`CASE WHEN ${x} = 0 AND ${y} <> 0 THEN ${x} WHEN ${y} <> 0 THEN (SELECT CASE WHEN ${x} < 0 THEN -(${value}) ELSE ${value} END FROM (${back}) AS s) END`
}

/**
 * The sum of the non-null values of a group, 0 without any, or of a window, null without any; null where it is infinite. What could make it infinite on the way is summed by
 * itself, divided by 2^64.
 */
export function sumOfDoubles(value: Sql, over?: { readonly window: Sql }): Sql {
  const sum = (values: Sql): Sql => (over ? sql`sum(${values}) OVER (${over.window})` : sql`sum(${values})`)
  const small = sum(sql`CASE WHEN abs(${value}) < 1e290 THEN ${value} END`)
  const large = sum(sql`CASE WHEN abs(${value}) >= 1e290 THEN ${value} * ${power(-64)} END`)
  const none = over ? large : sql`0`
  const together = sql`${large} + CASE WHEN abs(${small}) < 1 THEN 0 ELSE coalesce(${small}, 0) * ${power(-64)} END`
  return sql`CASE WHEN coalesce(${large}, 0) = 0 THEN coalesce(${small}, ${none}) WHEN abs(${together}) < ${power(960)} THEN (${together}) * ${power(64)} END`
}
