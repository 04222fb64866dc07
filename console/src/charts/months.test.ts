import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sumByMonth } from './months.ts'

const day = fc
  .date({ min: new Date('1900-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString())

describe('sumByMonth', () => {
  it('loses nothing, invents nothing and skips no month', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(day, fc.integer({ min: 0, max: 1000 })), { maxLength: 50 }), (pairs) => {
        const months = sumByMonth(pairs)
        expect(months.reduce((sum, month) => sum + month.sum, 0)).toBe(pairs.reduce((sum, [, value]) => sum + value, 0))
        expect(months.map(({ month }) => month)).toEqual(calendar(months[0]?.month, months.length))
      }),
    )
  })

  it('leaves out what has no date, and takes no value for nothing', () => {
    expect(
      sumByMonth([
        [null, 5],
        ['soon', 5],
        [1990, 5],
        ['1990-13-01T00:00:00.000Z', 5],
        ['1990-02-01T00:00:00.000Z', null],
      ]),
    ).toEqual([{ month: '1990-02', sum: 0 }])
  })
})

/** Months in a row by the calendar of the language, not by our arithmetic. */
function calendar(first: string | undefined, count: number): string[] {
  const start = new Date(`${first}-01T00:00:00Z`)
  return Array.from({ length: count }, (_, step) =>
    new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + step, 1)).toISOString().slice(0, 7),
  )
}
