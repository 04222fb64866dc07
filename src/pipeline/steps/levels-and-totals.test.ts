import { describe, expect, it } from 'vitest'
import { hostile, salesByCountry, stepTables } from '../../../test/builders/step-tables.ts'

const { from, refusal, rows } = stepTables({
  sales: salesByCountry,
  empty: { columns: { id: 'integer', country: 'text', city: 'text', amount: 'number' }, rows: [] },
  odd: {
    columns: { [hostile]: 'text', day: 'date', n: 'integer' },
    rows: [
      ["x'; DROP TABLE data0; --", new Date('2024-01-01'), 1],
      ['😀', new Date('2024-02-01T10:30:00Z'), 2],
    ],
  },
})

const figures = (...list: [string, string, string?][]) =>
  list.map(([aggfunction, column, name]) => ({ aggfunction, newcolumns: [name ?? column], columns: [column] }))

describe('rollup', () => {
  it('gives the levels, the top one first, null being a value', async () => {
    const rollup = {
      name: 'rollup',
      hierarchy: ['country', 'city'],
      aggregations: figures(['sum', 'amount'], ['count', 'units'], ['first', 'id', 'first']),
    }
    const { columns, rows: levels } = await from('sales', rollup)
    expect(columns.map(({ name }) => name)).toEqual([
      ...['city', 'country', 'label', 'level', 'child_level', 'parent'],
      ...['amount', 'units', 'first'],
    ])
    expect(levels).toEqual([
      [null, 'FR', 'FR', 'country', 'city', null, 16, 3, 1],
      [null, 'US', 'US', 'country', 'city', null, 2.5, 1, 4],
      [null, null, null, 'country', 'city', null, 4, 0, 5],
      ['Lyon', 'FR', 'Lyon', 'city', null, 'FR', 5, 0, 2],
      ['Paris', 'FR', 'Paris', 'city', null, 'FR', 10, 2, 1],
      [null, 'FR', null, 'city', null, 'FR', 1, 1, 6],
      ['Paris', 'US', 'Paris', 'city', null, 'US', 2.5, 1, 4],
      [null, null, null, 'city', null, null, 4, 0, 5],
    ])
  })

  it('has one level without a parent, groups, other names, and labels of one type', async () => {
    const one = {
      name: 'rollup',
      hierarchy: ['year'],
      groupby: ['country'],
      labelCol: 'L',
      level_col: 'M',
      childLevelCol: 'N',
    }
    const { columns, rows: levels } = await from('sales', one)
    expect(columns.map(({ name, type }) => [name, type])).toEqual([
      ['year', 'integer'],
      ['country', 'text'],
      ['L', 'integer'],
      ['M', 'text'],
      ['N', 'text'],
    ])
    expect(levels.map((row) => row.slice(0, 3))).toEqual([
      [2019, 'FR', 2019],
      [2019, 'US', 2019],
      [2020, 'FR', 2020],
      [2020, null, 2020],
    ])
    const mixed = await from(
      'odd',
      { name: 'rollup', hierarchy: ['day', hostile] },
      { name: 'select', columns: ['label', 'parent'] },
    )
    expect(mixed.columns.map(({ type }) => type)).toEqual(['text', 'text'])
    expect(mixed.rows).toEqual([
      ['2024-01-01', null],
      ['2024-02-01 10:30:00', null],
      ["x'; DROP TABLE data0; --", '2024-01-01'],
      ['😀', '2024-02-01 10:30:00'],
    ])
  })

  it('works on no rows, and refuses names that clash', async () => {
    expect(await rows('empty', { name: 'rollup', hierarchy: ['country', 'city'], aggregations: [] })).toEqual([])
    const rollup = { name: 'rollup', hierarchy: ['country', 'city'] }
    expect(await refusal('sales', { ...rollup, label_col: 'city' })).toMatchObject([{ column: 'city' }])
    expect(await refusal('sales', { ...rollup, groupby: ['city'] })).toMatchObject([{ column: 'city' }])
    expect(await refusal('sales', { ...rollup, hierarchy: [] })).toMatchObject([{ path: '/pipeline/1/hierarchy' }])
    expect(await refusal('sales', { ...rollup, hierarchy: ['country', 'town'] })).toMatchObject([{ column: 'town' }])
    expect(await refusal('sales', { ...rollup, aggregations: figures(['sum', 'city', 's']) })).toMatchObject([
      { column: 'city' },
    ])
  })
})

describe('totals', () => {
  const dimensions = (...list: [string, unknown][]) =>
    list.map(([total_column, total_rows_label]) => ({ total_column, total_rows_label }))

  it('adds them from the rows themselves, combination by combination', async () => {
    const totals = {
      name: 'totals',
      total_dimensions: dimensions(['country', 'all countries'], ['city', 'all cities']),
      aggregations: figures(['avg', 'amount', 'mean'], ['count', 'units', 'n']),
    }
    const select = { name: 'select', columns: ['id', 'country', 'city', 'mean', 'n'] }
    const { columns, rows: all } = await from('sales', totals)
    expect(columns.map(({ name, type }) => [name, type])).toEqual([
      ['id', 'integer'],
      ['country', 'text'],
      ['city', 'text'],
      ['year', 'integer'],
      ['mean', 'number'],
      ['n', 'integer'],
    ])
    expect(all).toHaveLength(6 + 3 + 1 + 3)
    expect(await rows('sales', totals, select)).toEqual([
      [1, 'FR', 'Paris', 10, 1],
      [2, 'FR', 'Lyon', 5, 0],
      [3, 'FR', 'Paris', null, 1],
      [4, 'US', 'Paris', 2.5, 1],
      [5, null, null, 4, 0],
      [6, 'FR', null, 1, 1],
      [null, 'all countries', 'Lyon', 5, 0],
      [null, 'all countries', 'Paris', 6.25, 3],
      [null, 'all countries', null, 2.5, 1],
      [null, 'all countries', 'all cities', 4.5, 4],
      [null, 'FR', 'all cities', 16 / 3, 3],
      [null, 'US', 'all cities', 2.5, 1],
      [null, null, 'all cities', 4, 0],
    ])
  })

  it('totals in groups, keeps the order of the rows, and writes any dimension as text', async () => {
    const totals = {
      name: 'totals',
      totalDimensions: dimensions(['year', 0]),
      aggregations: figures(['sum', 'amount'], ['last', 'id', 'last']),
      groups: ['country'],
    }
    const sorted = { name: 'sort', columns: [{ column: 'amount', order: 'desc' }] }
    const { columns, rows: all } = await from('sales', sorted, totals, { name: 'delete', columns: ['city', 'units'] })
    expect(columns.map(({ name }) => name)).toEqual(['country', 'year', 'amount', 'last'])
    expect(all).toEqual([
      ['FR', '2019', 10, 1],
      ['FR', '2019', 5, 2],
      [null, '2020', 4, 5],
      ['US', '2019', 2.5, 4],
      ['FR', '2020', 1, 6],
      ['FR', '2020', null, 3],
      ['FR', '0', 16, 3],
      ['US', '0', 2.5, 4],
      [null, '0', 4, 5],
    ])
  })

  it('works on no rows, and with three dimensions', async () => {
    const step = (dims: object[]) => ({
      name: 'totals',
      totalDimensions: dims,
      aggregations: figures(['sum', 'amount']),
    })
    expect(await rows('empty', step(dimensions(['country', 'all'])))).toEqual([[null, 'all', null, 0]])
    const three = step(dimensions(['country', 'C'], ['city', 'T'], ['year', 'Y']))
    const labels = { name: 'select', columns: ['country', 'city', 'year'] }
    const distinct = new Set(
      (await rows('sales', three, labels))
        .slice(6)
        .map((row) => row.map((cell) => 'CTY'.includes(String(cell))).join()),
    )
    expect([...distinct]).toEqual([
      'true,false,false',
      'true,true,false',
      'true,true,true',
      'true,false,true',
      'false,true,false',
      'false,true,true',
      'false,false,true',
    ])
  })

  it('refuses too many dimensions, names that clash, and nothing to total', async () => {
    const aggregations = figures(['sum', 'amount'])
    const base = { name: 'totals', aggregations, totalDimensions: dimensions(['city', 'x']) }
    expect(await refusal('sales', { ...base, totalDimensions: [] })).toMatchObject([
      { path: '/pipeline/1/totalDimensions' },
    ])
    expect(await refusal('sales', { ...base, aggregations: [] })).toMatchObject([{ path: '/pipeline/1/aggregations' }])
    expect(await refusal('sales', { ...base, groups: ['city'] })).toMatchObject([{ column: 'city' }])
    expect(await refusal('sales', { ...base, aggregations: figures(['count', 'id', 'city']) })).toMatchObject([
      { column: 'city' },
    ])
    const seven = dimensions(...Array.from({ length: 7 }, (_, index): [string, string] => [`d${index}`, 'all']))
    expect(await refusal('sales', { ...base, totalDimensions: seven })).toMatchObject([
      { message: expect.stringContaining('at most 6') },
    ])
  })
})

describe('long chains', () => {
  it('of steps that read their rows more than once take no exponential time', async () => {
    const totals = (total_column: string) => ({
      name: 'totals',
      total_dimensions: ['country', total_column].map((column) => ({ total_column: column, total_rows_label: 'all' })),
      aggregations: figures(['sum', 'amount']),
    })
    const few = [
      { name: 'filter', condition: { column: 'id', operator: 'eq', value: 1 } },
      { name: 'select', columns: ['country', 'city', 'amount'] },
    ]
    expect(await rows('sales', ...few, ...Array.from({ length: 5 }, () => totals('city')))).toHaveLength(24)
    const rollup = {
      name: 'rollup',
      hierarchy: ['city', 'country', 'amount'],
      label_col: 'l',
      level_col: 'm',
      child_level_col: 'n',
      parent_label_col: 'o',
    }
    const again = [rollup, { name: 'select', columns: ['country', 'city', 'amount'] }]
    expect((await rows('sales', ...few, ...Array.from({ length: 15 }, () => again).flat())).length).toBe(6)
    const waterfall = {
      name: 'waterfall',
      valueColumn: 'amount',
      milestonesColumn: 'country',
      start: 'FR',
      end: 'US',
      labelsColumn: 'city',
      sortBy: 'label',
      order: 'asc',
    }
    const renamed = {
      name: 'rename',
      to_rename: [
        ['LABEL_waterfall', 'city'],
        ['TYPE_waterfall', 'country'],
      ],
    }
    expect(await rows('sales', ...few, ...Array.from({ length: 20 }, () => [waterfall, renamed]).flat())).toHaveLength(
      2,
    )
  })
})
