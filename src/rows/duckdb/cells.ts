import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDateValue,
  DuckDBDecimalValue,
  type DuckDBPreparedStatement,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api'
import type { Bound, ColumnType, Value } from '../../pipeline/index.ts'

/** How each column type is kept in a file, and bound to a statement. */
export const physicalTypes: Readonly<Record<ColumnType, DuckDBType>> = {
  integer: BIGINT,
  number: DOUBLE,
  text: VARCHAR,
  boolean: BOOLEAN,
  date: TIMESTAMP,
}

const int64 = 2n ** 63n
const dayMs = 86_400_000

/** The value for DuckDB, or undefined when it is not of the type. NaN, infinities and invalid dates are null. */
export function toCell(value: Value, type: ColumnType): DuckDBValue | undefined {
  if (value === null) return null
  switch (type) {
    case 'integer':
      return toInt64(value)
    case 'number':
      if (typeof value === 'bigint') return Number(value)
      return typeof value === 'number' ? (Number.isFinite(value) ? value : null) : undefined
    case 'text':
      return typeof value === 'string' ? value : undefined
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'date':
      return value instanceof Date ? toTimestamp(value) : undefined
  }
}

function toInt64(value: Value): bigint | undefined {
  if (typeof value !== 'bigint' && !(typeof value === 'number' && Number.isInteger(value))) return undefined
  const whole = BigInt(value)
  return whole >= -int64 && whole < int64 ? whole : undefined
}

function toTimestamp(date: Date): DuckDBTimestampValue | null {
  const ms = date.getTime()
  return Number.isNaN(ms) ? null : new DuckDBTimestampValue(BigInt(ms) * 1000n)
}

/** Binds the values of a rendered statement in their order. A value that is not of its type is sent as DuckDB reads it. */
export function bindAll(prepared: DuckDBPreparedStatement, values: readonly Bound[]): void {
  for (const [index, { value, type }] of values.entries()) {
    const cell = toCell(value, type)
    if (cell === null) prepared.bindNull(index + 1)
    else if (cell !== undefined) prepared.bindValue(index + 1, cell, physicalTypes[type])
    else bindAsItIs(prepared, index + 1, value)
  }
}

function bindAsItIs(prepared: DuckDBPreparedStatement, index: number, value: Value): void {
  if (typeof value === 'number') prepared.bindDouble(index, value)
  else if (typeof value === 'bigint') prepared.bindHugeInt(index, value)
  else if (typeof value === 'boolean') prepared.bindBoolean(index, value)
  else prepared.bindVarchar(index, value instanceof Date ? value.toISOString() : String(value))
}

/** A cell of an answer as the value that every engine gives for it. */
export function toValue(cell: DuckDBValue, type: ColumnType): Value {
  if (cell === null) return null
  if (typeof cell === 'bigint') return type === 'number' ? Number(cell) : toSafe(cell)
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : null
  if (typeof cell === 'string' || typeof cell === 'boolean') return cell
  if (cell instanceof DuckDBTimestampValue) return toDate(cell.isFinite, floorDiv(cell.micros, 1000n))
  if (cell instanceof DuckDBTimestampMillisecondsValue) return toDate(cell.isFinite, cell.millis)
  if (cell instanceof DuckDBDateValue) return toDate(cell.isFinite, BigInt(cell.days) * BigInt(dayMs))
  if (cell instanceof DuckDBDecimalValue) return cell.toDouble()
  return String(cell)
}

function toSafe(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

function toDate(finite: boolean, ms: bigint): Date | null {
  const date = new Date(Number(ms))
  return finite && !Number.isNaN(date.getTime()) ? date : null
}

/** Division of a bigint cuts toward zero, but the milliseconds of an instant before 1970 are those that began before it. */
function floorDiv(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n)
}
