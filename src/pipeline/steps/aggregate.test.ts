import { describe, expect, it } from 'vitest'
import { salesWithDays, stepTables } from '../../../test/builders/step-tables.ts'
import type { Value } from '../index.ts'

const { from, refusal } = stepTables({
  sales: salesWithDays,
  empty: { columns: { id: 'integer', city: 'text', amount: 'number' }, rows: [] },
  large: {
    columns: { g: 'text', i: 'integer', n: 'number' },
    rows: [
      ['a', 2n ** 63n - 1n, 1e308],
      ['a', 1, 1e308],
    ],
  },
})

async function ask(...steps: object[]): Promise<Value[][]> {
  return (await from('sales', ...steps)).rows
}

async function names(domain: string, ...steps: object[]): Promise<string[]> {
  return (await from(domain, ...steps)).columns.map(({ name }) => name)
}

describe('aggregate', () => {
  const figures = (...list: [string, string][]) =>
    list.map(([aggfunction, column]) => ({ aggfunction, newcolumns: [`${aggfunction} ${column}`], columns: [column] }))

  it('gives a row for each group, null included, ordered by the groups', async () => {
    const aggregations = figures(
      ['sum', 'amount'],
      ['sum', 'units'],
      ['avg', 'units'],
      ['min', 'amount'],
      ['max', 'day'],
      ['count', 'amount'],
      ['first', 'amount'],
      ['last', 'amount'],
    )
    const { columns, rows } = await from('sales', { name: 'aggregate', on: ['city'], aggregations })
    expect(columns.map(({ type }) => type)).toEqual([
      'text',
      'number',
      'integer',
      'number',
      'number',
      'date',
      'integer',
      'number',
      'number',
    ])
    expect(rows).toEqual([
      ['Lyon', 20, 5, 2.5, 10, new Date('2024-01-01T10:00:00Z'), 2, 10, 10],
      ['Paris', 2.5, 6, 3, 2.5, new Date('2024-01-02'), 1, 2.5, 2.5],
      [null, 5, 0, null, 5, new Date('2024-01-03'), 1, 5, 5],
    ])
  })

  it('counts in four ways', async () => {
    const counts = figures(
      ['count', 'amount'],
      ['count distinct', 'amount'],
      ['count distinct including empty', 'amount'],
    )
    expect(await ask({ name: 'aggregate', on: ['city'], aggregations: counts })).toEqual([
      ['Lyon', 2, 1, 1],
      ['Paris', 1, 1, 2],
      [null, 1, 1, 2],
    ])
    expect(await ask({ name: 'aggregate', on: ['city'], count_nulls: true, aggregations: counts })).toEqual([
      ['Lyon', 2, 1, 1],
      ['Paris', 2, 1, 2],
      [null, 2, 1, 2],
    ])
  })

  it('takes first and last in row order, without nulls', async () => {
    const ends = figures(['first', 'units'], ['last', 'units'], ['first', 'open'])
    expect(await ask({ name: 'aggregate', on: [], aggregations: ends })).toEqual([[1, 3, true]])
    const sorted = { name: 'sort', columns: [{ column: 'units', order: 'desc' }] }
    expect(await ask(sorted, { name: 'aggregate', aggregations: ends })).toEqual([[4, 1, true]])
    const bySortedDay = [
      { name: 'sort', columns: [{ column: 'day', order: 'asc' }] },
      { name: 'delete', columns: ['day'] },
    ]
    expect(
      await ask(...bySortedDay, {
        name: 'aggregate',
        on: ['city'],
        aggregations: figures(['first', 'id'], ['last', 'id']),
      }),
    ).toEqual([
      ['Lyon', 1, 4],
      ['Paris', 3, 6],
      [null, 5, 2],
    ])
  })

  it('works on no rows and with no aggregation', async () => {
    const all = figures(
      ['sum', 'amount'],
      ['avg', 'amount'],
      ['count', 'amount'],
      ['count distinct including empty', 'amount'],
      ['first', 'city'],
    )
    expect((await from('empty', { name: 'aggregate', aggregations: all })).rows).toEqual([[0, null, 0, 0, null]])
    expect((await from('empty', { name: 'aggregate', on: ['city'], aggregations: all })).rows).toEqual([])
    expect(await ask({ name: 'aggregate', on: ['city', 'city'] })).toEqual([['Lyon'], ['Paris'], [null]])
  })

  it('stands beside the rows when the granularity is kept', async () => {
    const keep = {
      name: 'aggregate',
      keep_original_granularity: true,
      aggregations: [{ aggfunction: 'sum', newcolumns: ['total'], columns: ['amount'] }],
    }
    const select = { name: 'select', columns: ['id', 'city', 'total'] }
    expect(await ask({ ...keep, on: ['city'] }, select)).toEqual([
      [1, 'Lyon', 20],
      [2, null, 5],
      [3, 'Paris', 2.5],
      [4, 'Lyon', 20],
      [5, null, 5],
      [6, 'Paris', 2.5],
    ])
    expect(await ask({ ...keep, on: [] }, select)).toHaveLength(6)
    expect(
      await ask(
        { name: 'sort', columns: [{ column: 'id', order: 'desc' }] },
        { ...keep, on: [] },
        { name: 'select', columns: ['id', 'total'] },
      ),
    ).toEqual([6, 5, 4, 3, 2, 1].map((id) => [id, 27.5]))
    const replaced = {
      ...keep,
      on: ['city'],
      aggregations: [{ aggfunction: 'count', newcolumns: ['amount'], columns: ['id'] }],
    }
    expect(await names('sales', replaced)).toEqual(['id', 'city', 'amount', 'units', 'day', 'open'])
    expect((await from('sales', replaced)).rows.map(([, , amount]) => amount)).toEqual([2, 2, 2, 2, 2, 2])
  })

  it('gives null where a sum fits no column', async () => {
    const aggregations = figures(['sum', 'i'], ['sum', 'n'], ['avg', 'n'], ['avg', 'i'])
    expect((await from('large', { name: 'aggregate', on: ['g'], aggregations })).rows).toEqual([
      ['a', null, null, null, 2 ** 62],
    ])
  })

  it('refuses what cannot be added and what gives two columns of one name', async () => {
    for (const aggfunction of ['sum', 'avg']) {
      for (const column of ['city', 'day', 'open']) {
        expect(
          await refusal('sales', { name: 'aggregate', aggregations: figures([aggfunction, column]) }),
        ).toMatchObject([{ column, step: { index: 1, name: 'aggregate' } }])
      }
    }
    const clash = [{ aggfunction: 'count', newcolumns: ['city'], columns: ['id'] }]
    expect(await refusal('sales', { name: 'aggregate', on: ['city'], aggregations: clash })).toMatchObject([
      { column: 'city' },
    ])
    expect(await refusal('sales', { name: 'aggregate', aggregations: [...clash, ...clash] })).toMatchObject([
      { column: 'city' },
    ])
    expect(
      (await refusal('sales', { name: 'aggregate', on: ['x'], aggregations: figures(['sum', 'y']) })).map(
        ({ column }) => column,
      ),
    ).toEqual(['x', 'y'])
  })
})
