import { Problem } from '../../base/index.ts'
import type { ColumnType, Value } from '../values.ts'

declare const made: unique symbol

/**
 * An aggregation expression. Only this file makes them, from constants, generated names and marked values, so that no text of a
 * person is ever read as a field path, a variable or an operator.
 */
export interface Expression {
  readonly [made]: true
}

/** What an operator takes: expressions, alone, in a list or by name. */
export type Operands = Expression | readonly Operands[] | { readonly [name: string]: Operands }

/** The value of a field. A document without the field counts as having null there. */
export function read({ id }: { readonly id: string }): Expression {
  return expression(`$${fieldName(id)}`)
}

/** A field inside of the document that another field holds. */
export function readInside(outer: { readonly id: string }, { id }: { readonly id: string }): Expression {
  return expression(`$${fieldName(outer.id)}.${fieldName(id)}`)
}

/** A variable of `$let` or of a lookup. */
export function variable(name: string): Expression {
  return expression(`$$${fieldName(name)}`)
}

export function call(operator: `$${string}`, operands: Operands): Expression {
  return expression({ [operator]: operands })
}

/** Any value of a person, or any constant. Integers have 64 bits wherever 32 are not enough; numbers are doubles. */
export function literal(value: Value, type: ColumnType): Expression {
  if (type === 'integer' && typeof value === 'number') return expression({ $literal: integerOf(value) })
  const constant = expression({ $literal: value })
  // Drivers send a whole number as an integer, which would then be computed with as one.
  return type === 'number' && Number.isInteger(value) ? call('$toDouble', constant) : constant
}

/** A list of values of one type; null only in a list that nothing is compared with. */
export function literals(values: readonly Value[], type: ColumnType): Expression {
  const exact = values.map((value) => (type === 'integer' && typeof value === 'number' ? integerOf(value) : value))
  return expression({ $literal: exact })
}

/** The item that `$filter`, `$map` and `$reduce` look at, and what `$reduce` has made of those before. */
export const item: Expression = expression('$$this')
export const soFar: Expression = expression('$$value')

export const nothing: Expression = literal(null, 'text')
export const yes: Expression = literal(true, 'boolean')
export const no: Expression = literal(false, 'boolean')

export function choose(condition: Expression, then: Expression, otherwise: Expression): Expression {
  return call('$cond', [condition, then, otherwise])
}

/** The value of the first branch whose condition holds. */
export function firstThat(
  branches: readonly (readonly [condition: Expression, value: Expression])[],
  otherwise: Expression,
): Expression {
  // biome-ignore lint/suspicious/noThenProperty: MongoDB calls the field so.
  const list = branches.map(([condition, value]) => ({ case: condition, then: value }))
  return call('$switch', { branches: list, default: otherwise })
}

/** What accumulates over some of the rows around each row, instead of all those of its group. */
export function over(
  accumulator: Expression,
  documents: readonly [first: number | 'unbounded', last: number | 'current'],
): Expression {
  return expression({ ...accumulator, window: { documents } })
}

/** The value, null where it is absent: what groups, partitions and variables need, which tell the two apart. */
export function orNull(value: Expression): Expression {
  return call('$ifNull', [value, nothing])
}

export function isNull(value: Expression): Expression {
  return call('$eq', [orNull(value), nothing])
}

/** `inside` with the names standing for values that are computed once. */
export function bound(vars: { readonly [name: string]: Expression }, inside: Expression): Expression {
  return call('$let', { vars, in: inside })
}

/** A double, null where it is infinite or not a number. */
export function finite(value: Expression): Expression {
  const x = variable('x0')
  // Strictly between: some take NaN for equal to everything, MongoDB for less than everything.
  const within = [
    call('$gt', [x, literal(Number.NEGATIVE_INFINITY, 'number')]),
    call('$lt', [x, literal(Number.POSITIVE_INFINITY, 'number')]),
  ]
  return bound({ x0: value }, choose(call('$and', within), x, nothing))
}

/**
 * An integer, null where it did not fit into 64 bits: MongoDB goes on with doubles then, so that the type of the result tells,
 * however many operations came after. The bounds say the same to engines that have only doubles.
 */
export function fitting(value: Expression): Expression {
  const x = variable('x0')
  const fits = [
    call('$in', [call('$type', x), expression({ $literal: ['int', 'long'] })]),
    call('$gte', [x, literal(-(2 ** 63), 'number')]),
    call('$lt', [x, literal(2 ** 63, 'number')]),
  ]
  return bound({ x0: value }, choose(call('$and', fits), x, nothing))
}

/** A number as the driver has to be given it, so that it arrives as an integer. */
export function integerOf(value: number | bigint): number | bigint {
  return typeof value === 'number' && value === (value | 0) ? value : BigInt(value)
}

/**
 * A name of a field as it stands in a stage: generated, or the number of a row. Anything else is refused, so that no text of a person
 * gets in this way. Errors: `internal`.
 */
export function fieldName(name: string): string {
  if (!/^(?:_id|[a-z]\d+)$/.test(name)) {
    throw new Problem('internal', 'A field name that was not generated was about to enter a query.')
  }
  return name
}

function expression(value: unknown): Expression {
  return value as Expression
}
