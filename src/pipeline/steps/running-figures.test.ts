import { describe, expect, it } from 'vitest'
import { salesByCity, stepTables } from '../../../test/builders/step-tables.ts'

const { from, refusal, rows } = stepTables({
  sales: salesByCity,
  days: {
    columns: { day: 'date', group: 'text', value: 'integer' },
    rows: [
      [new Date('2024-01-03'), 'b', 30],
      [new Date('2024-01-01'), 'a', 1],
      [new Date('2024-01-02'), 'a', 2],
      [new Date('2024-01-03'), 'a', null],
      [new Date('2024-01-04'), 'a', 4],
      [new Date('2024-01-05'), 'a', 6],
      [null, 'b', 50],
      [new Date('2024-01-01'), 'b', 10],
    ],
  },
  large: {
    columns: { i: 'integer', n: 'number' },
    rows: [
      [1, 1e308],
      [2n ** 63n - 1n, 1e308],
      [-5, -1e308],
    ],
  },
})

const select = (...columns: string[]) => ({ name: 'select', columns })

describe('cumsum', () => {
  const cumsum = (fields: object) => ({ name: 'cumsum', referenceColumn: 'day', ...fields })

  it('sums in the order of the reference column, which becomes the order of the rows', async () => {
    const { columns, rows: summed } = await from('days', cumsum({ toCumSum: [['value', null]] }))
    expect(columns.at(-1)).toEqual({ name: 'value_CUMSUM', type: 'integer' })
    expect(summed.map(([, group, value, sum]) => [group, value, sum])).toEqual([
      ['a', 1, 1],
      ['b', 10, 11],
      ['a', 2, 13],
      ['b', 30, 43],
      ['a', null, null],
      ['a', 4, 47],
      ['a', 6, 53],
      ['b', 50, 103],
    ])
  })

  it('sums in groups, under given names, and replaces a column in its place', async () => {
    const step = {
      name: 'cumsum',
      to_cum_sum: [
        ['value', 'value'],
        ['value', ''],
      ],
      reference_column: 'day',
      groupby: ['group'],
    }
    const { columns, rows: summed } = await from('days', step)
    expect(columns.map(({ name }) => name)).toEqual(['day', 'group', 'value', 'value_CUMSUM'])
    expect(summed.map(([, group, value, sum]) => [group, value, sum])).toEqual([
      ['a', 1, 1],
      ['b', 10, 10],
      ['a', 3, 3],
      ['b', 40, 40],
      ['a', null, null],
      ['a', 7, 7],
      ['a', 13, 13],
      ['b', 90, 90],
    ])
  })

  it('takes the older form with one column', async () => {
    const old = { name: 'cumsum', valueColumn: 'units', referenceColumn: 'id', newColumn: 'so far' }
    expect(await rows('sales', old, select('so far'))).toEqual([[1], [null], [4], [8], [null], [11], [13]])
    const { newColumn: _, ...unnamed } = old
    expect((await from('sales', unnamed)).columns.at(-1)?.name).toBe('units_CUMSUM')
  })

  it('gives null where a sum fits no column', async () => {
    const step = { name: 'cumsum', referenceColumn: 'n', toCumSum: [['i'], ['n']] }
    expect(await rows('large', { name: 'cumsum', referenceColumn: 'i', toCumSum: [['i'], ['n', 'N']] })).toEqual([
      [-5, -1e308, -5, -1e308],
      [1, 1e308, -4, 0],
      [2n ** 63n - 1n, 1e308, 2n ** 63n - 5n, 1e308],
    ])
    const last = (
      await rows('large', { name: 'filter', condition: { column: 'i', operator: 'gt', value: 0 } }, step)
    ).at(-1)
    expect(last?.slice(2)).toEqual([null, null])
  })

  it('refuses texts, double names and nothing to sum', async () => {
    expect(await refusal('sales', { name: 'cumsum', referenceColumn: 'id', toCumSum: [['city']] })).toMatchObject([
      { column: 'city', message: expect.stringContaining('needs numbers') },
    ])
    const twice = [
      ['id', 'x'],
      ['units', 'x'],
    ]
    expect(await refusal('sales', { name: 'cumsum', referenceColumn: 'id', toCumSum: twice })).toMatchObject([
      { column: 'x' },
    ])
    expect(await refusal('sales', { name: 'cumsum', referenceColumn: 'id', toCumSum: [] })).toMatchObject([
      { path: '/pipeline/1/toCumSum' },
    ])
    expect(await refusal('sales', { name: 'cumsum', referenceColumn: 'x', toCumSum: [['id']] })).toMatchObject([
      { column: 'x' },
    ])
  })
})

describe('movingaverage', () => {
  const moving = (fields: object) => ({
    name: 'movingaverage',
    value_column: 'value',
    column_to_sort: 'day',
    ...fields,
  })

  it('is null until there are enough rows, and where one of them is null', async () => {
    const { columns, rows: averaged } = await from('days', moving({ moving_window: '2', groups: ['group'] }))
    expect(columns.at(-1)).toEqual({ name: 'value_MOVING_AVG', type: 'number' })
    expect(averaged.map(([, group, value, average]) => [group, value, average])).toEqual([
      ['a', 1, null],
      ['a', 2, 1.5],
      ['a', null, null],
      ['a', 4, null],
      ['a', 6, 5],
      ['b', 10, null],
      ['b', 30, 20],
      ['b', 50, 40],
    ])
  })

  it('runs over all rows, with windows of one row and of more than there are', async () => {
    const one = await rows('days', moving({ movingWindow: 1, newColumnName: 'value' }), select('value'))
    expect(one).toEqual([[1], [10], [2], [30], [null], [4], [6], [50]])
    const many = await rows('days', moving({ movingWindow: 2 ** 53 - 1, newColumnName: 'm' }), select('m'))
    expect(many).toEqual(Array(8).fill([null]))
    expect(await rows('large', moving({ movingWindow: 2, value_column: 'n', column_to_sort: 'i' }))).toEqual([
      [-5, -1e308, null],
      [1, 1e308, 0],
      [2n ** 63n - 1n, 1e308, null],
    ])
  })

  it('refuses windows of no rows and texts', async () => {
    for (const window of [0, -1, 1.5, 'x', null]) {
      expect(await refusal('days', moving({ moving_window: window }))).toMatchObject([
        { path: '/pipeline/1/moving_window' },
      ])
    }
    expect(await refusal('days', moving({ moving_window: 2, value_column: 'group' }))).toMatchObject([
      { column: 'group' },
    ])
  })
})
