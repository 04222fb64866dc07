import { describe, expect, it } from 'vitest'
import { memoryTables } from '../../../test/builders/memory-tables.ts'
import { countriesByCity, salesWithDays, stepTables } from '../../../test/builders/step-tables.ts'
import type { Value } from '../index.ts'

const { from, refusal } = stepTables({
  sales: salesWithDays,
  cities: countriesByCity,
})

async function ask(...steps: object[]): Promise<Value[][]> {
  return (await from('sales', ...steps)).rows
}

async function names(domain: string, ...steps: object[]): Promise<string[]> {
  return (await from(domain, ...steps)).columns.map(({ name }) => name)
}

const ids = async (...steps: object[]) => (await ask(...steps, { name: 'select', columns: ['id'] })).map(([id]) => id)

describe('select, delete and rename', () => {
  it('choose and name columns', async () => {
    expect(await ask({ name: 'select', columns: ['units', 'id', 'units'] })).toEqual([
      [1, 1],
      [null, 2],
      [3, 3],
      [4, 4],
      [null, 5],
      [3, 6],
    ])
    expect(await names('sales', { name: 'delete', columns: ['day', 'open', 'no such column'] })).toEqual([
      'id',
      'city',
      'amount',
      'units',
    ])
    expect(
      await names('sales', {
        name: 'rename',
        to_rename: [
          ['id', 'city'],
          ['city', 'id'],
        ],
      }),
    ).toEqual(['city', 'id', 'amount', 'units', 'day', 'open'])
    expect(
      (
        await from('sales', {
          name: 'rename',
          to_rename: [
            ['id', 'city'],
            ['city', 'id'],
          ],
        })
      ).rows[0]?.slice(0, 2),
    ).toEqual([1, 'Lyon'])
  })

  it('tell what is missing, all at once, with the nearest names', async () => {
    expect(
      await refusal(
        'sales',
        { name: 'filter', condition: { column: 'id', operator: 'gt', value: 0 } },
        { name: 'select', columns: ['citi', 'id', 'Amount', '???'] },
      ),
    ).toEqual([
      {
        path: '/pipeline/2',
        step: { index: 2, name: 'select' },
        column: 'citi',
        nearest: ['city'],
        message: 'There is no column "citi" here.',
      },
      {
        path: '/pipeline/2',
        step: { index: 2, name: 'select' },
        column: 'Amount',
        nearest: ['amount'],
        message: 'There is no column "Amount" here.',
      },
      {
        path: '/pipeline/2',
        step: { index: 2, name: 'select' },
        column: '???',
        message: 'There is no column "???" here.',
      },
    ])
    expect(
      await refusal('sales', { name: 'delete', columns: ['id'] }, { name: 'rename', to_rename: [['id', 'x']] }),
    ).toMatchObject([{ column: 'id', step: { index: 2, name: 'rename' } }])
  })

  it('refuse what leaves no column or two of one name', async () => {
    expect(await refusal('cities', { name: 'delete', columns: ['city', 'country', 'id'] })).toMatchObject([
      { step: { index: 1, name: 'delete' } },
    ])
    expect(await refusal('sales', { name: 'rename', to_rename: [['id', 'city']] })).toMatchObject([{ column: 'city' }])
    expect(
      await refusal('sales', {
        name: 'rename',
        to_rename: [
          ['id', 'a'],
          ['id', 'b'],
        ],
      }),
    ).toMatchObject([{ column: 'id' }])
    expect(
      await refusal('sales', {
        name: 'rename',
        to_rename: [
          ['id', 'a'],
          ['city', 'a'],
        ],
      }),
    ).toMatchObject([{ column: 'a' }])
  })
})

describe('filter', () => {
  it('keeps rows in their order', async () => {
    expect(
      await ids({
        name: 'filter',
        condition: {
          or: [
            { column: 'city', operator: 'eq', value: null },
            { column: 'amount', operator: 'lt', value: 5 },
          ],
        },
      }),
    ).toEqual([2, 5, 6])
    expect(await ids({ name: 'filter', condition: { column: 'day', operator: 'until', value: '2024-01-01' } })).toEqual(
      [1, 5],
    )
    expect(await ids({ name: 'filter', condition: { column: 'open', operator: 'ne', value: true } })).toEqual([2, 3, 5])
  })

  it('tells every column that is missing', async () => {
    const condition = {
      and: [
        { column: 'x', operator: 'isnull' },
        {
          or: [
            { column: 'y', operator: 'isnull' },
            { column: 'id', operator: 'isnull' },
          ],
        },
      ],
    }
    expect((await refusal('sales', { name: 'filter', condition })).map(({ column }) => column)).toEqual(['x', 'y'])
  })
})

describe('sort', () => {
  it('puts nulls last in both directions and keeps the order of equals', async () => {
    expect(await ids({ name: 'sort', columns: [{ column: 'amount', order: 'asc' }] })).toEqual([6, 2, 1, 4, 3, 5])
    expect(await ids({ name: 'sort', columns: [{ column: 'amount', order: 'desc' }] })).toEqual([1, 4, 2, 6, 3, 5])
    expect(
      await ids({
        name: 'sort',
        columns: [
          { column: 'city', order: 'desc' },
          { column: 'id', order: 'desc' },
        ],
      }),
    ).toEqual([6, 3, 4, 1, 5, 2])
  })

  it('is stable over an earlier sort, also by columns that are gone or replaced', async () => {
    expect(
      await ids(
        { name: 'sort', columns: [{ column: 'id', order: 'desc' }] },
        { name: 'formula', new_column: 'key', formula: 'id * 1' },
        { name: 'sort', columns: [{ column: 'city', order: 'asc' }] },
        { name: 'formula', new_column: 'city', formula: "'same'" },
        { name: 'filter', condition: { column: 'key', operator: 'gt', value: 1 } },
        { name: 'delete', columns: ['key'] },
      ),
    ).toEqual([4, 6, 3, 5, 2])
  })

  it('orders texts by code points', async () => {
    const words = ['b', 'B', 'é', 'z', '\u{1F600}', '\uFFFD', '', 'ab']
    const own = await memoryTables({ w: { columns: { w: 'text' }, rows: words.map((word) => [word]) } })
    const { rows } = await own.ask([
      { name: 'domain', domain: 'w' },
      { name: 'sort', columns: [{ column: 'w', order: 'asc' }] },
    ])
    expect(rows.flat()).toEqual(['', 'B', 'ab', 'b', 'z', 'é', '\uFFFD', '\u{1F600}'])
    own.close()
  })
})

describe('top', () => {
  it('cuts ties by row order, nulls last', async () => {
    expect(await ids({ name: 'top', rank_on: 'amount', sort: 'desc', limit: 1 })).toEqual([1])
    expect(await ids({ name: 'top', rank_on: 'amount', sort: 'desc', limit: 3 })).toEqual([1, 4, 2])
    expect(await ids({ name: 'top', rank_on: 'amount', sort: 'asc', limit: 5 })).toEqual([6, 2, 1, 4, 3])
    expect(await ids({ name: 'top', rank_on: 'amount', sort: 'asc', limit: 0 })).toEqual([])
    expect(
      await ids(
        { name: 'sort', columns: [{ column: 'id', order: 'desc' }] },
        { name: 'top', rank_on: 'amount', sort: 'desc', limit: 1 },
      ),
    ).toEqual([4])
  })

  it('takes null groups as a group and orders by groups, then by the column', async () => {
    expect(await ids({ name: 'top', rank_on: 'amount', sort: 'desc', limit: 1, groups: ['city'] })).toEqual([1, 6, 2])
    expect(await ids({ name: 'top', rank_on: 'amount', sort: 'asc', limit: 9, groups: ['city'] })).toEqual([
      1, 4, 6, 3, 2, 5,
    ])
    expect(await ids({ name: 'top', rank_on: 'id', sort: 'desc', limit: 1, groups: ['city', 'amount'] })).toEqual([
      4, 6, 3, 2, 5,
    ])
    expect(
      (await refusal('sales', { name: 'top', rank_on: 'a', sort: 'asc', limit: 1, groups: ['b'] })).map(
        ({ column }) => column,
      ),
    ).toEqual(['b', 'a'])
  })
})
