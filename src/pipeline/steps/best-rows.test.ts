import { describe, expect, it } from 'vitest'
import { hostile, salesByCity, stepTables } from '../../../test/builders/step-tables.ts'

const { refusal, rows } = stepTables({
  sales: salesByCity,
  empty: { columns: { id: 'integer', city: 'text', amount: 'number' }, rows: [] },
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

describe('argmax and argmin', () => {
  it('keep all ties, in the order of the rows', async () => {
    expect(await ids({ name: 'argmax', column: 'amount' })).toEqual([1, 4])
    expect(await ids({ name: 'argmin', column: 'amount', groups: null })).toEqual([6])
    const backwards = { name: 'sort', columns: [{ column: 'id', order: 'desc' }] }
    expect(await ids(backwards, { name: 'argmax', column: 'amount' })).toEqual([4, 1])
  })

  it('take null as a group, and keep a group of only nulls whole', async () => {
    expect(await ids({ name: 'argmax', column: 'amount', groups: ['city'] })).toEqual([1, 2, 4, 6, 7])
    expect(await ids({ name: 'argmin', column: 'units', groups: ['city', 'city'] })).toEqual([1, 2, 3, 5, 6, 7])
  })

  it('work on texts and booleans, on no rows, on hostile names', async () => {
    expect(await ids({ name: 'argmax', column: 'city' })).toEqual([3, 6])
    expect(await ids({ name: 'argmin', column: 'open' })).toEqual([3])
    expect(await rows('empty', { name: 'argmax', column: 'amount', groups: ['city'] })).toEqual([])
    expect(await rows('odd', { name: 'argmin', column: hostile, groups: ['Ünïcode 😀'] })).toEqual([
      [2, "x'; DROP TABLE data0; --"],
      [1, '😀'],
    ])
  })

  it('name what is missing', async () => {
    expect(await refusal('sales', { name: 'argmax', column: 'amont', groups: ['town'] })).toMatchObject([
      { column: 'town', step: { index: 1, name: 'argmax' } },
      { column: 'amont', nearest: ['amount'] },
    ])
    expect(await refusal('sales', { name: 'argmin', column: 'id', group: [] })).toMatchObject([
      { path: '/pipeline/1/group', nearest: ['groups'] },
    ])
  })
})
