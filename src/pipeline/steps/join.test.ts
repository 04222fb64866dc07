import { describe, expect, it } from 'vitest'
import { countriesByCity, salesWithDays, stepTables } from '../../../test/builders/step-tables.ts'
import type { Value } from '../index.ts'

const { from, refusal } = stepTables({
  sales: salesWithDays,
  cities: countriesByCity,
  prices: {
    columns: { id: 'number', text_id: 'text' },
    rows: [
      [1, '1'],
      [4, '4'],
      [4.5, '5'],
      [null, null],
    ],
  },
})

async function ask(...steps: object[]): Promise<Value[][]> {
  return (await from('sales', ...steps)).rows
}

async function names(domain: string, ...steps: object[]): Promise<string[]> {
  return (await from(domain, ...steps)).columns.map(({ name }) => name)
}

describe('join', () => {
  const join = (type: string, on: [string, string][] = [['city', 'city']], right: unknown = 'cities') => ({
    name: 'join',
    right_pipeline: right,
    type,
    on,
  })
  const few = { name: 'select', columns: ['id', 'city'] }

  it('left: every row in its order, then in the order of the right side; null matches nothing', async () => {
    for (const type of ['left', 'left outer']) {
      const { columns, rows } = await from('sales', few, join(type))
      expect(columns.map(({ name }) => name)).toEqual(['id', 'city', 'country', 'id_right'])
      expect(rows).toEqual([
        [1, 'Lyon', 'FR', 101],
        [2, null, null, null],
        [3, 'Paris', 'FR', 100],
        [3, 'Paris', 'US', 104],
        [4, 'Lyon', 'FR', 101],
        [5, null, null, null],
        [6, 'Paris', 'FR', 100],
        [6, 'Paris', 'US', 104],
      ])
    }
  })

  it('inner', async () => {
    const usOnly = [
      { name: 'domain', domain: 'cities' },
      { name: 'filter', condition: { column: 'country', operator: 'eq', value: 'US' } },
      { name: 'delete', columns: ['id'] },
    ]
    expect(
      await ask(few, { name: 'sort', columns: [{ column: 'id', order: 'desc' }] }, join('inner', undefined, usOnly)),
    ).toEqual([
      [6, 'Paris', 'US'],
      [3, 'Paris', 'US'],
    ])
  })

  it('full outer: what is only on the right comes last, under the one key column', async () => {
    const rows = await ask(few, join('full outer'))
    expect(rows.slice(0, 8)).toHaveLength(8)
    expect(rows.slice(8)).toEqual([
      [null, null, 'XX', 102],
      [null, 'Rome', 'IT', 103],
    ])
  })

  it('full outer: a left row whose own order is null still comes before what is only on the right', async () => {
    const count = { aggfunction: 'count', newcolumns: ['n'], columns: ['id'] }
    const rows = await ask({ name: 'aggregate', on: ['city'], aggregations: [count] }, join('full outer'))
    expect(rows.map(([city, n, country]) => [city, n, country])).toEqual([
      ['Lyon', 2, 'FR'],
      ['Paris', 2, 'FR'],
      ['Paris', 2, 'US'],
      [null, 2, null],
      [null, null, 'XX'],
      ['Rome', null, 'IT'],
    ])
  })

  it('keeps both keys when their names differ, and finds free names', async () => {
    expect(
      await names('sales', few, { name: 'rename', to_rename: [['city', 'town']] }, join('left', [['town', 'city']])),
    ).toEqual(['id', 'town', 'city', 'country', 'id_right'])
    expect(await names('cities', join('inner', [['city', 'city']]), join('inner', [['city', 'city']]))).toEqual([
      'city',
      'country',
      'id',
      'country_right',
      'id_right',
      'country_right_right',
      'id_right_right',
    ])
    const crossed = join('inner', [
      ['city', 'country'],
      ['country', 'city'],
    ])
    expect(await names('cities', crossed)).toEqual(['city', 'country', 'id', 'city_right', 'country_right', 'id_right'])
    expect(
      await names(
        'cities',
        join('inner', [
          ['city', 'city'],
          ['city', 'country'],
        ]),
      ),
    ).toEqual(['city', 'country', 'id', 'country_right', 'id_right'])
  })

  it('compares numbers with numbers and crosses no other types', async () => {
    const { rows, columns } = await from(
      'sales',
      { name: 'select', columns: ['id'] },
      join('full outer', [['id', 'id']], 'prices'),
    )
    expect(columns).toEqual([
      { name: 'id', type: 'number' },
      { name: 'text_id', type: 'text' },
    ])
    expect(rows).toEqual([
      [1, '1'],
      [2, null],
      [3, null],
      [4, '4'],
      [5, null],
      [6, null],
      [4.5, '5'],
      [null, null],
    ])
    expect(await ask({ name: 'select', columns: ['id'] }, join('inner', [['id', 'text_id']], 'prices'))).toEqual([])
    expect((await ask({ name: 'select', columns: ['id'] }, join('left', [['id', 'text_id']], 'prices'))).length).toBe(6)
    expect(
      (await ask({ name: 'select', columns: ['id'] }, join('full outer', [['id', 'text_id']], 'prices'))).length,
    ).toBe(10)
  })

  it('nests, and tells where a nested step is wrong', async () => {
    const inner = [
      { name: 'domain', domain: 'cities' },
      { name: 'delete', columns: ['id'] },
      join('left', [['city', 'city']], [{ name: 'domain', domain: 'sales' }, few]),
    ]
    expect(await names('sales', few, join('left', [['city', 'city']], inner))).toEqual([
      'id',
      'city',
      'country',
      'id_right',
    ])
    const wrong = [
      { name: 'domain', domain: 'cities' },
      { name: 'sort', columns: [{ column: 'contry', order: 'asc' }] },
    ]
    expect(await refusal('sales', few, join('left', [['city', 'city']], wrong))).toMatchObject([
      {
        path: '/pipeline/2/right_pipeline/1',
        step: { index: 1, name: 'sort' },
        column: 'contry',
        nearest: ['country', 'city'],
      },
    ])
    expect(await refusal('sales', few, join('left', [['city', 'contry']]))).toMatchObject([
      { path: '/pipeline/2', column: 'contry', nearest: ['country', 'city'] },
    ])
  })
})
