import type { Comparison, ConditionLeaf } from '../condition.ts'
import type { ColumnType, Value } from '../values.ts'
import { absoluteDate, parseIsoDate, startOfDay, startOfNextDay } from './dates.ts'

/** A constant in the type of the column that it is compared with. Never null. */
export type Constant = Exclude<Value, null>

/**
 * What a leaf asks of a column of a known type. The rules about types, nulls and days are all applied here, so that SQL, Mongo
 * and the evaluator in memory only have to say these few things.
 */
export type Decision =
  | { readonly test: 'constant'; readonly holds: boolean }
  | { readonly test: 'null'; readonly holds: boolean }
  /** Null only satisfies `ne`. */
  | { readonly test: 'compare'; readonly operator: Comparison; readonly value: Constant }
  /** `nulls`: whether a null satisfies it. `values` is not empty. */
  | {
      readonly test: 'member'
      readonly values: readonly Constant[]
      readonly negated: boolean
      readonly nulls: boolean
    }
  /** A search in the text of the value; null satisfies only the negated one. */
  | { readonly test: 'matches'; readonly pattern: string; readonly negated: boolean }

const never: Decision = { test: 'constant', holds: false }
const always: Decision = { test: 'constant', holds: true }
const isNull: Decision = { test: 'null', holds: true }
const notNull: Decision = { test: 'null', holds: false }

const least = -(2n ** 63n)
const greatest = 2n ** 63n - 1n

export function decide(leaf: ConditionLeaf, type: ColumnType, now: Date): Decision {
  switch (leaf.operator) {
    case 'isnull':
      return isNull
    case 'notnull':
      return notNull
    case 'in':
    case 'nin':
      return decideMember(leaf.value, type, leaf.operator === 'nin')
    case 'matches':
    case 'notmatches':
      return decideSearch(leaf.value, type, leaf.operator === 'notmatches')
    case 'from':
    case 'until': {
      if (type !== 'date') return never
      const bound = leaf.value instanceof Date ? leaf.value : absoluteDate(leaf.value, now)
      if (leaf.operator === 'from') return { test: 'compare', operator: 'ge', value: startOfDay(bound) }
      return { test: 'compare', operator: 'lt', value: startOfNextDay(bound) }
    }
    default:
      return decideComparison(leaf.operator, leaf.value, type)
  }
}

function decideComparison(operator: Comparison, value: Value, type: ColumnType): Decision {
  if (value === null) return operator === 'eq' ? isNull : operator === 'ne' ? notNull : never
  const constant = constantFor(value, type)
  if (constant !== undefined) return { test: 'compare', operator, value: constant }
  if (operator === 'ne') return always
  if (operator === 'eq' || type !== 'integer' || typeof value === 'string') return never
  return typeof value === 'number' || typeof value === 'bigint' ? decideBetween(operator, value) : never
}

/** An order comparison of integers with a number that is none, or that no integer reaches: exact, without rounding the column. */
function decideBetween(operator: 'lt' | 'le' | 'gt' | 'ge', value: number | bigint): Decision {
  const below = operator === 'lt' || operator === 'le'
  if (value > greatest) return below ? notNull : never
  if (value < least) return below ? never : notNull
  const number = Number(value)
  return below
    ? { test: 'compare', operator: 'le', value: Math.floor(number) }
    : { test: 'compare', operator: 'ge', value: Math.ceil(number) }
}

function decideMember(items: readonly Value[], type: ColumnType, negated: boolean): Decision {
  const nulls = items.includes(null) !== negated
  const values = items
    .map((item) => (item === null ? undefined : constantFor(item, type)))
    .filter((item) => item !== undefined)
  if (values.length > 0) return { test: 'member', values, negated, nulls }
  if (negated) return nulls ? always : notNull
  return nulls ? isNull : never
}

function decideSearch(pattern: string, type: ColumnType, negated: boolean): Decision {
  if (type === 'boolean' || type === 'date') return negated ? always : never
  return { test: 'matches', pattern, negated }
}

/** Undefined when the types cross: such a value never equals anything in the column. */
function constantFor(value: Constant, type: ColumnType): Constant | undefined {
  switch (type) {
    case 'integer':
      return integerConstant(value)
    case 'number':
      return typeof value === 'bigint' ? Number(value) : typeof value === 'number' ? value : undefined
    case 'text':
      return typeof value === 'string' ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'date':
      return typeof value === 'string' ? parseIsoDate(value) : value instanceof Date ? value : undefined
  }
}

/** Answers give integers beyond ±(2^53−1) as texts, so such a text is one of them and can come back in a filter. */
function integerConstant(value: Constant): number | bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  if (typeof value !== 'number' && typeof value !== 'bigint' && !isLargeInteger(value)) return undefined
  if (typeof value === 'number' && !Number.isInteger(value)) return undefined
  const integer = BigInt(value)
  if (integer < least || integer > greatest) return undefined
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer
}

function isLargeInteger(value: Constant): value is string {
  return typeof value === 'string' && /^-?[1-9]\d{15,18}$/.test(value) && !Number.isSafeInteger(Number(value))
}
