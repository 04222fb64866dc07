import type { Value } from '../../values.ts'

/** A value as the text that a server casts to its type. */
export function parameterText(value: Value, dateText: (date: Date) => string): string | null {
  if (value === null) return null
  if (value instanceof Date) return dateText(value)
  return typeof value === 'boolean' ? String(Number(value)) : String(value)
}

/** `02-29 12:30:01.250`: an instant in UTC without its year. */
export function withoutYear(date: Date): string {
  return date.toISOString().slice(-19, -1).replace('T', ' ')
}
