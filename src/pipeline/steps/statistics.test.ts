import { describe, expect, it } from 'vitest'
import { hostile, salesByCountry, stepTables } from '../../../test/builders/step-tables.ts'

const { from, refusal, rows } = stepTables({
  sales: salesByCountry,
  empty: { columns: { id: 'integer', country: 'text', city: 'text', amount: 'number' }, rows: [] },
  large: {
    columns: { g: 'text', i: 'integer', n: 'number' },
    rows: [
      ['a', 2n ** 63n - 1n, 1e308],
      ['a', -(2n ** 63n), -1e308],
      ['b', 5, 1e200],
      ['b', 5, 1e200],
    ],
  },
  odd: {
    columns: { [hostile]: 'text', day: 'date', n: 'integer' },
    rows: [
      ["x'; DROP TABLE data0; --", new Date('2024-01-01'), 1],
      ['😀', new Date('2024-02-01T10:30:00Z'), 2],
    ],
  },
})

describe('statistics', () => {
  const all = ['count', 'max', 'min', 'average', 'variance', 'standard deviation']

  it('leaves nulls out and keeps the group of null', async () => {
    const step = {
      name: 'statistics',
      column: 'amount',
      groupby_columns: ['country'],
      statistics: all,
      quantiles: [
        { label: 'median', nth: 1, order: 2 },
        { nth: '3', order: '4' },
        { label: 'top', nth: 1, order: 1 },
      ],
    }
    const { columns, rows: groups } = await from('sales', step)
    expect(columns.map(({ name, type }) => [name, type])).toEqual([
      ['country', 'text'],
      ['count', 'integer'],
      ['max', 'number'],
      ['min', 'number'],
      ...['average', 'variance', 'standard deviation', 'median', '3-th 4-quantile', 'top'].map((name) => [
        name,
        'number',
      ]),
    ])
    const variance = (10 - 16 / 3) ** 2 + (5 - 16 / 3) ** 2 + (1 - 16 / 3) ** 2
    expect(groups).toEqual([
      [
        'FR',
        3,
        10,
        1,
        16 / 3,
        expect.closeTo(variance / 3, 10),
        expect.closeTo(Math.sqrt(variance / 3), 10),
        5,
        7.5,
        10,
      ],
      ['US', 1, 2.5, 2.5, 2.5, 0, 0, 2.5, 2.5, 2.5],
      [null, 1, 4, 4, 4, 0, 0, 4, 4, 4],
    ])
  })

  it('is about all rows without groups, and null where there is no value', async () => {
    const step = { name: 'statistics', column: 'amount', statistics: all, quantiles: [{ nth: 0, order: 2 }] }
    expect(await rows('empty', step)).toEqual([[0, null, null, null, null, null, null]])
    expect(await rows('empty', { ...step, groupbyColumns: ['city'] })).toEqual([])
    const nulls = { name: 'filter', condition: { column: 'amount', operator: 'isnull' } }
    expect(await rows('sales', nulls, { ...step, groupbyColumns: ['city'] })).toEqual([
      ['Paris', 0, null, null, null, null, null, null],
    ])
    expect(await rows('odd', { name: 'statistics', column: hostile, statistics: ['count', 'max'] })).toEqual([
      [2, '😀'],
    ])
  })

  it('never ends a query that computes what fits no column', async () => {
    const step = (column: string) => ({
      name: 'statistics',
      column,
      groupbyColumns: ['g'],
      statistics: ['average', 'variance', 'standard deviation'],
      quantiles: [{ nth: 1, order: 2 }],
    })
    expect(await rows('large', step('n'))).toEqual([
      ['a', 0, null, null, null],
      ['b', 1e200, null, null, 1e200],
    ])
    expect(await rows('large', step('i'))).toEqual([
      ['a', -0.5, expect.closeTo(2 ** 126, -25), expect.closeTo(2 ** 63, -5), 0],
      ['b', 5, 0, 0, 5],
    ])
  })

  it('refuses texts where it computes, names that clash, and quantiles that do not exist', async () => {
    const base = { name: 'statistics', column: 'city' }
    expect(await refusal('sales', { ...base, statistics: ['average'] })).toMatchObject([{ column: 'city' }])
    expect(await refusal('sales', { ...base, quantiles: [{ nth: 1, order: 2 }] })).toMatchObject([{ column: 'city' }])
    expect(await refusal('sales', base)).toMatchObject([{ path: '/pipeline/1' }])
    expect(await refusal('sales', { ...base, statistics: ['count', 'count'] })).toMatchObject([{ column: 'count' }])
    for (const quantile of [{ nth: 3, order: 2 }, { nth: -1, order: 2 }, { nth: 0, order: 0 }, { nth: 1 }]) {
      expect(await refusal('sales', { ...base, column: 'id', quantiles: [quantile] })).toHaveLength(1)
    }
    expect(await refusal('sales', { ...base, statistics: ['mode'] })).toMatchObject([
      { path: '/pipeline/1/statistics/0' },
    ])
  })
})
