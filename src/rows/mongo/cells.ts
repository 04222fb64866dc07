import { Double, Long } from 'mongodb'
import type { ColumnType, Value } from '../../pipeline/index.ts'

const int64 = 2n ** 63n

/**
 * The value as documents keep it, or undefined when it is not of the type. Integers have 64 bits and numbers are doubles, whatever they
 * hold, so that MongoDB computes with them as every engine does. NaN, infinities and invalid dates are null.
 */
export function toBson(value: Value, type: ColumnType): Long | Double | string | boolean | Date | null | undefined {
  if (value === null) return null
  switch (type) {
    case 'integer':
      return toLong(value)
    case 'number':
      if (typeof value === 'bigint') return new Double(Number(value))
      if (typeof value !== 'number') return undefined
      return Number.isFinite(value) ? new Double(value) : null
    case 'text':
      return typeof value === 'string' ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'date':
      if (!(value instanceof Date)) return undefined
      return Number.isNaN(value.getTime()) ? null : value
  }
}

function toLong(value: Value): Long | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return Long.fromNumber(value)
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) return undefined
  const whole = BigInt(value)
  return whole >= -int64 && whole < int64 ? Long.fromBigInt(whole) : undefined
}

/** A field of an answer as the value that every engine gives for it. The driver makes numbers of integers where they are exact. */
export function toValue(field: unknown, type: ColumnType): Value {
  if (field === null || field === undefined) return null
  if (typeof field === 'string' || typeof field === 'boolean') return field
  if (typeof field === 'number') return type === 'integer' ? toInteger(field) : toFinite(field)
  if (field instanceof Date) return Number.isNaN(field.getTime()) ? null : field
  if (field instanceof Long) return type === 'number' ? field.toNumber() : field.toBigInt()
  return String(field)
}

function toFinite(field: number): number | null {
  return Number.isFinite(field) ? field : null
}

/** Where JavaScript has neighbours of an integer for the same, it is a bigint. */
function toInteger(field: number): number | bigint | null {
  return Number.isInteger(field) && !Number.isSafeInteger(field) ? BigInt(field) : toFinite(field)
}
