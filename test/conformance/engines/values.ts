import type { Column, ColumnType, Value } from '../../../src/pipeline/index.ts'
import { parseInstant } from '../instant.ts'

/** The value in a text that a database wrote for a column of this type. Errors: it is none of the type. */
export function readValue(text: string | null, type: ColumnType): Value {
  if (text === null) return null
  const value = parsed(text, type)
  if (value === undefined) throw new Error(`"${text}" came in a column of type ${type}`)
  return value
}

function parsed(text: string, type: ColumnType): Value | undefined {
  switch (type) {
    case 'integer':
      return /^-?\d+$/.test(text) ? smallest(BigInt(text)) : undefined
    case 'number':
      return Number.isFinite(Number(text)) ? Number(text) : null
    case 'boolean':
      return { t: true, f: false, true: true, false: false, 1: true, 0: false }[text]
    case 'date':
      return parseInstant(text)
    case 'text':
      return text
  }
}

/** A number where it is exact. */
export function smallest(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

/** What is wrong with the first value that is not of its column's type; null when all are. */
export function misfit(columns: readonly Column[], rows: readonly (readonly Value[])[]): string | null {
  for (const row of rows) {
    for (const [index, { name, type }] of columns.entries()) {
      const value = row[index] ?? null
      if (value !== null && !isOfType(value, type)) return `the column "${name}" is ${type} and holds ${String(value)}`
    }
  }
  return null
}

function isOfType(value: Value, type: ColumnType): boolean {
  switch (type) {
    case 'integer':
      return typeof value === 'bigint' || Number.isSafeInteger(value)
    case 'number':
      return typeof value === 'number'
    case 'text':
      return typeof value === 'string'
    case 'boolean':
      return typeof value === 'boolean'
    case 'date':
      return value instanceof Date
  }
}
