import type { Cell, Column } from './api/types.ts'

/** What stands where a row has no value. */
export const noValue = '–'

/** Ten digits: enough for any measure, too few to show the noise of binary fractions. */
const measured = new Intl.NumberFormat('en', { maximumSignificantDigits: 10 })
const exact = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

/** A number of rows: `10,000`. */
export function formatCount(count: number): string {
  return exact.format(count)
}

/** A number of a chart, always with `digits` behind the point. */
export function formatNumber(value: number, digits: number): string {
  return new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value)
}

/** A number beside a bar, where there is little room: `39.3M`. */
export function formatShort(value: number, digits: number): string {
  return Math.abs(value) >= 100_000 ? short.format(value) : formatNumber(value, digits)
}

/** A number on an axis: `0.002`, `10M`. */
export function formatTick(value: number): string {
  return short.format(value)
}

/** A column of numbers that name a thing: adding them up means nothing, and grouping their digits makes them hard to read. */
export function namesThings({ name }: Column): boolean {
  return /(^|[_\s])(id|key|code|zip|year)$/i.test(name)
}

/** A cell of a table, by its column's type. */
export function formatCell(value: Cell | undefined, column: Column): string {
  if (value === null || value === undefined) return noValue
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return namesThings(column) ? String(value) : measured.format(value)
  if (column.type === 'date') return formatInstant(value)
  if (column.type === 'integer' && !namesThings(column) && /^-?\d+$/.test(value)) return exact.format(BigInt(value))
  return value
}

/** `1990-01-08`, or `1990-01-08 13:05` where there is a time of day; always UTC, as stored. Anything else stays as it is. */
function formatInstant(text: string): string {
  const instant = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d\.\d{3})Z$/.exec(text)
  if (instant === null) return text
  const [, day = '', minute = '', rest = ''] = instant
  if (rest !== ':00.000') return `${day} ${minute}${rest.replace('.000', '')}`
  return minute === '00:00' ? day : `${day} ${minute}`
}
