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

/** A date as the text `2024-02-29 12:30:01.250` for servers whose years go from 1 to 9999; beyond their last date it is just after it. */
export function dateTextFromYearOne(date: Date): string {
  const year = date.getUTCFullYear()
  if (year < 1) return '0001-01-01 00:00:00.000'
  return year > 9999 ? '9999-12-31 23:59:59.9999999' : `${String(year).padStart(4, '0')}-${withoutYear(date)}`
}
