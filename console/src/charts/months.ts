import type { Cell } from '../api/types.ts'

export interface MonthSum {
  /** `1990-01` */
  readonly month: string
  readonly sum: number
}

/**
 * Sums values by month of their date (UTC), oldest first. Months between the first and the last that have no value are 0, so
 * that a line through them tells the truth. Pairs without a date are left out.
 */
export function sumByMonth(pairs: readonly (readonly [date: Cell, value: number | null])[]): readonly MonthSum[] {
  const sums = new Map<number, number>()
  for (const [date, value] of pairs) {
    const index = monthIndex(date)
    if (index !== null) sums.set(index, (sums.get(index) ?? 0) + (value ?? 0))
  }
  if (sums.size === 0) return []
  const indexes = [...sums.keys()]
  const first = indexes.reduce((a, b) => Math.min(a, b))
  const last = indexes.reduce((a, b) => Math.max(a, b))
  return Array.from({ length: last - first + 1 }, (_, step) => ({
    month: monthName(first + step),
    sum: sums.get(first + step) ?? 0,
  }))
}

/** Months since year 0. */
function monthIndex(date: Cell): number | null {
  const match = typeof date === 'string' ? /^(\d{4})-(0[1-9]|1[0-2])-/.exec(date) : null
  return match === null ? null : Number(match[1]) * 12 + Number(match[2]) - 1
}

function monthName(index: number): string {
  return `${String(Math.floor(index / 12)).padStart(4, '0')}-${String((index % 12) + 1).padStart(2, '0')}`
}
