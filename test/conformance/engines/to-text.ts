import type { Value } from '../../../src/pipeline/index.ts'

/** A value as servers read it from a text; instants as UTC without saying so. */
export function toText(value: Value): string | number | null {
  if (value instanceof Date) return value.toISOString().replace('T', ' ').replace('Z', '')
  if (typeof value === 'boolean') return Number(value)
  return value === null || typeof value === 'number' ? value : String(value)
}
