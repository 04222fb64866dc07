import { describe, expect, it } from 'vitest'
import { hostile, salesByCity, stepTables } from '../../../test/builders/step-tables.ts'

const { from, rows } = stepTables({
  sales: salesByCity,
  empty: { columns: { id: 'integer', city: 'text', amount: 'number' }, rows: [] },
  large: {
    columns: { i: 'integer', n: 'number' },
    rows: [
      [1, 1e308],
      [2n ** 63n - 1n, 1e308],
      [-5, -1e308],
    ],
  },
  odd: {
    columns: { [hostile]: 'integer', 'Ünïcode 😀': 'text' },
    rows: [
      [2, "x'; DROP TABLE data0; --"],
      [3, '😀'],
      [1, '😀'],
    ],
  },
})

const select = (...columns: string[]) => ({ name: 'select', columns })
const ids = async (...steps: object[]) => (await rows('sales', ...steps, select('id'))).map(([id]) => id)

describe('percentage', () => {
  it('is the share in the sum, of all rows or of the group', async () => {
    const { columns, rows: shares } = await from(
      'sales',
      { name: 'percentage', column: 'units' },
      select('id', 'units_PCT'),
    )
    expect(columns.at(-1)).toEqual({ name: 'units_PCT', type: 'number' })
    expect(shares).toEqual([
      [1, 1 / 13],
      [2, null],
      [3, 3 / 13],
      [4, 4 / 13],
      [5, null],
      [6, 3 / 13],
      [7, 2 / 13],
    ])
    const grouped = { name: 'percentage', column: 'amount', group: ['city'], new_column_name: 'amount' }
    expect(await rows('sales', grouped, select('amount'))).toEqual([[0.5], [1], [null], [0.5], [null], [1], [null]])
  })

  it('is null for a sum of 0, and never ends the query', async () => {
    const zero = [
      { name: 'formula', new_column: 'z', formula: 'units - units' },
      { name: 'percentage', column: 'z' },
      select('z_PCT'),
    ]
    expect(await rows('sales', ...zero)).toEqual(Array(7).fill([null]))
    const integers = await rows('large', { name: 'percentage', column: 'i' }, select('i_PCT'))
    expect(integers[1]).toEqual([1])
    const positive = { name: 'filter', condition: { column: 'n', operator: 'gt', value: 0 } }
    expect(await rows('large', positive, { name: 'percentage', column: 'n' }, select('n_PCT'))).toEqual([
      [null],
      [null],
    ])
    expect(await rows('empty', { name: 'percentage', column: 'amount', group: ['city'] })).toEqual([])
  })
})

describe('rank', () => {
  const rank = (fields: object) => ({ name: 'rank', value_col: 'units', order: 'desc', method: 'standard', ...fields })

  it('numbers the rows and orders them by their number, nulls last and without one', async () => {
    const { columns, rows: ranked } = await from('sales', rank({}), select('id', 'units_RANK'))
    expect(columns.at(-1)).toEqual({ name: 'units_RANK', type: 'integer' })
    expect(ranked).toEqual([
      [4, 1],
      [3, 2],
      [6, 2],
      [7, 4],
      [1, 5],
      [2, null],
      [5, null],
    ])
    expect(await rows('sales', rank({ method: 'dense', order: 'asc' }), select('id', 'units_RANK'))).toEqual([
      [1, 1],
      [7, 2],
      [3, 3],
      [6, 3],
      [4, 4],
      [2, null],
      [5, null],
    ])
  })

  it('numbers in groups, null being one, and replaces a column', async () => {
    const grouped = rank({ groupby: ['city'], new_column_name: 'units' })
    const { columns, rows: ranked } = await from('sales', grouped, select('id', 'units'))
    expect(columns).toEqual([
      { name: 'id', type: 'integer' },
      { name: 'units', type: 'integer' },
    ])
    expect(ranked).toEqual([
      [3, 1],
      [4, 1],
      [6, 1],
      [7, 1],
      [1, 2],
      [2, null],
      [5, null],
    ])
  })

  it('keeps the order that equal rows had', async () => {
    const backwards = { name: 'sort', columns: [{ column: 'id', order: 'desc' }] }
    expect(await ids(backwards, rank({ value_col: 'city', order: 'asc' }))).toEqual([4, 1, 7, 6, 3, 5, 2])
    expect(await rows('odd', rank({ value_col: 'Ünïcode 😀', order: 'asc' }), select(hostile))).toEqual([[2], [3], [1]])
  })
})
