import { Problem } from '../../base/index.ts'
import type { Comparison, Condition, ConditionLeaf } from '../condition.ts'
import type { ColumnType, Value } from '../values.ts'
import { type Decision, decide } from './decide.ts'
import { membersOf } from './members.ts'
import { compilePattern } from './patterns.ts'

export interface EvaluatorOptions {
  /** The type of a column, undefined when the rows have no such column. */
  readonly typeOf: (column: string) => ColumnType | undefined
  readonly now: Date
}

/** A row, as a way to get at its values; absent is null. */
export type RowReader = (column: string) => Value | undefined

/**
 * A condition as a test of rows in memory, with the meaning that it has in SQL. For rules on sources that cannot filter.
 * Errors: `data_refused` when the condition names a column that the rows do not have; it never answers for less than it was asked.
 */
export function createEvaluator(condition: Condition, options: EvaluatorOptions): (row: RowReader) => boolean {
  if ('always' in condition) return () => condition.always
  if (!('and' in condition || 'or' in condition)) return leafTest(condition, options)
  const tests = membersOf(condition).map((member) => createEvaluator(member, options))
  return 'and' in condition ? (row) => tests.every((test) => test(row)) : (row) => tests.some((test) => test(row))
}

function leafTest(leaf: ConditionLeaf, { typeOf, now }: EvaluatorOptions): (row: RowReader) => boolean {
  const { column } = leaf
  const type = typeOf(column)
  if (type === undefined)
    throw new Problem('data_refused', `A rule needs the column "${column}", which the rows do not have.`)
  const test = valueTest(decide(leaf, type, now))
  return (row) => test(known(row(column)))
}

function valueTest(decision: Decision): (value: Value) => boolean {
  switch (decision.test) {
    case 'constant':
      return () => decision.holds
    case 'null':
      return (value) => (value === null) === decision.holds
    case 'compare': {
      const holds = orders[decision.operator]
      return (value) => holds(value === null ? undefined : compare(value, decision.value))
    }
    case 'member':
      return (value) => {
        if (value === null) return decision.nulls
        return decision.values.some((item) => compare(value, item) === 0) !== decision.negated
      }
    case 'matches': {
      const matches = compilePattern(decision.pattern)
      return (value) => (value !== null && matches(String(value))) !== decision.negated
    }
  }
}

/** By what a comparison gave: negative, 0, positive, or undefined for nulls and for values of different types. */
const orders: { readonly [O in Comparison]: (order: number | undefined) => boolean } = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order !== undefined && order < 0,
  le: (order) => order !== undefined && order <= 0,
  gt: (order) => order !== undefined && order > 0,
  ge: (order) => order !== undefined && order >= 0,
}

function compare(a: Exclude<Value, null>, b: Exclude<Value, null>): number | undefined {
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (isNumeric(a) && isNumeric(b)) return a < b ? -1 : a > b ? 1 : 0
  return undefined
}

function isNumeric(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint'
}

/** By code points, as databases do; JavaScript's own order is by UTF-16 units and differs above U+FFFF. */
function compareTexts(a: string, b: string): number {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()]
  for (;;) {
    const [x, y] = [left.next(), right.next()]
    if (x.done || y.done) return Number(y.done ?? false) - Number(x.done ?? false)
    if (x.value !== y.value) return (x.value.codePointAt(0) ?? 0) - (y.value.codePointAt(0) ?? 0)
  }
}

function known(value: Value | undefined): Value {
  return value === undefined || (typeof value === 'number' && !Number.isFinite(value)) ? null : value
}
