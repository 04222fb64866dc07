import { describe, expect, it } from 'vitest'
import type { ChartSpec } from '../dashboards/index.ts'
import { chartData, isAllOnes } from './chart-data.ts'

const bars: ChartSpec = {
  id: 'a',
  title: 'A',
  note: '',
  kind: 'bars',
  steps: [],
  category: { column: 'kind', label: 'Kind' },
  value: { column: 'n', label: 'Rows' },
}

describe('chartData', () => {
  it('keeps the order of the rows, and null as a value of its own', () => {
    const rows = [
      { kind: 'b', n: 3 },
      { kind: null, n: 2 },
      { kind: 'a', n: '9007199254740993' },
    ]
    expect(chartData(bars, rows)).toEqual({
      categories: ['b', '(no value)', 'a'],
      series: [{ name: 'Rows', values: [3, 2, 9007199254740992] }],
    })
  })

  it('puts known categories first, in their order, and drops none', () => {
    const spec: ChartSpec = { ...bars, category: { ...bars.category, order: ['Taxi', 'Climb', 'Absent'] } }
    const rows = ['Other', 'Climb', 'Taxi'].map((kind) => ({ kind, n: 1 }))
    expect(chartData(spec, rows).categories).toEqual(['Taxi', 'Climb', 'Other'])
  })

  it('lines the series of a stack up with its categories', () => {
    const spec: ChartSpec = {
      ...bars,
      kind: 'stacked-bars',
      series: { column: 'size', label: 'Size', order: ['small', 'large'] },
    }
    const rows = [
      { kind: 'a', size: 'large', n: 1 },
      { kind: 'b', size: 'small', n: 2 },
      { kind: 'b', size: 'huge', n: 3 },
    ]
    expect(chartData(spec, rows)).toEqual({
      categories: ['a', 'b'],
      series: [
        { name: 'small', values: [null, 2] },
        { name: 'large', values: [1, null] },
        { name: 'huge', values: [null, 3] },
      ],
    })
  })

  it('gives a line one value for each month', () => {
    const spec: ChartSpec = { ...bars, kind: 'line', category: { column: 'day', label: 'Month', by: 'month' } }
    const rows = [
      { day: '2001-12-31T23:59:59.999Z', n: 2 },
      { day: '2001-12-01T00:00:00.000Z', n: 1 },
      { day: '2002-02-01T00:00:00.000Z', n: 5 },
    ]
    expect(chartData(spec, rows)).toEqual({
      categories: ['2001-12', '2002-01', '2002-02'],
      series: [{ name: 'Rows', values: [3, 0, 5] }],
    })
  })

  it('is empty without rows', () => {
    expect(chartData(bars, []).categories).toEqual([])
  })
})

describe('isAllOnes', () => {
  it.each([
    [[1, 1], true],
    [[1, 2], false],
    [[1], false],
    [[1, null], false],
  ])('%j: %s', (values, flat) => {
    const categories = values.map((_, index) => String(index))
    expect(isAllOnes({ categories, series: [{ name: 'n', values }] })).toBe(flat)
  })
})
