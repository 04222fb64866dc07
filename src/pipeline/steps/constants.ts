import * as z from 'zod'
import { parseIsoDate } from '../conditions/dates.ts'
import { constantSql } from '../sql/condition.ts'
import type { SqlContext } from '../sql/context.ts'
import type { Sql } from '../sql/fragment.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType, Value } from '../values.ts'
import { stepProblem } from './columns.ts'

/** A constant in a step, null included. */
export const constantField = z
  .unknown()
  .transform((raw, context): Value => {
    const message = problemOf(raw)
    if (message === undefined) return raw as Value
    context.issues.push({ code: 'custom', message, input: raw })
    return z.NEVER
  })
  // In JSON, a date is a text.
  .meta({ type: ['string', 'number', 'boolean', 'null'] })

function problemOf(raw: unknown): string | undefined {
  if (raw === undefined) return 'This field is required.'
  if (raw === null || typeof raw === 'string' || typeof raw === 'boolean') return undefined
  if (typeof raw === 'number') return Number.isFinite(raw) ? undefined : 'This number is not finite.'
  if (typeof raw === 'bigint') return isInteger(raw) ? undefined : 'This number is too large.'
  if (raw instanceof Date && !Number.isNaN(raw.getTime())) return undefined
  return 'This should be a text, a number, true, false, null or a date.'
}

/** The type that a constant has by itself; null has the one that is asked for. */
export function constantType(value: Value, ofNull: ColumnType): ColumnType {
  if (value === null) return ofNull
  if (value instanceof Date) return 'date'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'string') return 'text'
  return isInteger(value) ? 'integer' : 'number'
}

/** The type that holds values of both: an integer is a number too. Undefined when there is none. */
export function commonType(a: ColumnType, b: ColumnType): ColumnType | undefined {
  if (a === b) return a
  const isNumeric = (type: ColumnType): boolean => type === 'integer' || type === 'number'
  return isNumeric(a) && isNumeric(b) ? 'number' : undefined
}

/**
 * The column's type once it holds this constant as well. Texts that are numbers or ISO dates count as those where the column holds
 * numbers or dates. Errors: `pipeline_invalid` for a constant that does not go into the column.
 */
export function typeWith(step: AnyStep, column: Column, value: Value): ColumnType {
  const own = constantType(readAs(value, column.type), column.type)
  const type = commonType(column.type, own)
  if (type !== undefined) return type
  const message = `a value that is ${own} does not go into the column "${column.name}", which is ${column.type}.`
  throw stepProblem(step, message, { column: column.name })
}

/** The constant in a type that `typeWith` has given. */
export function constantIn(value: Value, type: ColumnType): Value {
  const read = readAs(value, type)
  return type === 'number' && typeof read === 'bigint' ? Number(read) : read
}

/** The same, as SQL. */
export function constantAs(value: Value, type: ColumnType, context: SqlContext): Sql {
  return constantSql(constantIn(value, type), type, context)
}

function readAs(value: Value, type: ColumnType): Value {
  if (typeof value !== 'string') return value
  if (type === 'date') return parseIsoDate(value) ?? value
  return type === 'integer' || type === 'number' ? readNumber(value) : value
}

function readNumber(text: string): Value {
  const trimmed = text.trim()
  if (/^[+-]?\d+$/.test(trimmed)) {
    const exact = BigInt(trimmed.replace(/^\+/, ''))
    if (isInteger(exact)) return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
  }
  const number = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : Number.NaN
  return Number.isFinite(number) ? number : text
}

/** Fits into 64 bits. Beyond 2^53 a `number` has already lost digits, and is none. */
function isInteger(value: number | bigint): boolean {
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value)
}
