import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import type { Value } from '../index.ts'

let tables: MemoryTables

beforeAll(async () => {
  tables = await memoryTables({
    sales: {
      columns: { city: 'text', country: 'text', year: 'integer', day: 'date', kind: 'text', revenue: 'integer' },
      rows: [
        ['Paris', 'FR', 2018, new Date('2018-01-01'), 'a', 100],
        ['Paris', 'FR', 2019, new Date('2019-01-01'), 'a', 130],
        ['Paris', 'FR', 2019, new Date('2019-01-01'), 'b', 20],
        ['Lyon', 'FR', 2018, new Date('2018-01-01'), 'a', 50],
        ['Boston', 'US', 2019, new Date('2019-01-01'), 'a', 70],
        [null, 'US', 2018, new Date('2018-01-01'), 'a', 5],
        [null, 'US', 2019, new Date('2019-01-01'), 'a', null],
        ['Paris', 'FR', 2017, new Date('2017-01-01'), 'a', 1000],
        ['Paris', 'FR', null, null, 'a', 1000],
      ],
    },
    large: {
      columns: { label: 'text', at: 'text', value: 'integer', number: 'number' },
      rows: [
        ['x', 'start', 2n ** 63n - 1n, 1e308],
        ['x', 'start', 1, 1e308],
        ['y', 'start', -5, 1],
        ['z', 'start', -(2n ** 63n), -1e308],
        ['z', 'end', 1, 1e308],
      ],
    },
    empty: { columns: { city: 'text', year: 'integer', revenue: 'number' }, rows: [] },
  })
})
afterAll(() => tables.close())

const waterfall = (fields: object = {}) => ({
  name: 'waterfall',
  valueColumn: 'revenue',
  milestonesColumn: 'year',
  start: 2018,
  end: 2019,
  labelsColumn: 'city',
  sortBy: 'value',
  order: 'desc',
  ...fields,
})

function from(domain: string, ...steps: object[]) {
  return tables.ask([{ name: 'domain', domain }, ...steps])
}

async function rows(domain: string, ...steps: object[]): Promise<Value[][]> {
  return (await from(domain, ...steps)).rows
}

async function refusal(...steps: object[]): Promise<readonly ProblemItem[]> {
  try {
    await from('sales', ...steps)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('waterfall', () => {
  it('goes from total to total, what is on one side only being 0 on the other', async () => {
    const { columns, rows: steps } = await from('sales', waterfall())
    expect(columns).toEqual([
      { name: 'LABEL_waterfall', type: 'text' },
      { name: 'TYPE_waterfall', type: 'text' },
      { name: 'revenue', type: 'integer' },
    ])
    expect(steps).toEqual([
      ['2018', null, 155],
      ['Boston', 'parent', 70],
      ['Paris', 'parent', 50],
      [null, 'parent', -5],
      ['Lyon', 'parent', -50],
      ['2019', null, 220],
    ])
  })

  it('leaves such labels out of everything without backfill', async () => {
    expect(await rows('sales', waterfall({ backfill: false, sortBy: 'label', order: 'asc' }))).toEqual([
      ['2018', null, 105],
      ['Paris', 'parent', 50],
      [null, 'parent', -5],
      ['2019', null, 150],
    ])
  })

  it('adds the parents, by group', async () => {
    const step = waterfall({ parentsColumn: 'country', groupby: ['kind'], sortBy: 'label', order: 'asc' })
    const { columns, rows: steps } = await from('sales', step)
    expect(columns.map(({ name }) => name)).toEqual([
      ...['kind', 'LABEL_waterfall', 'GROUP_waterfall', 'TYPE_waterfall', 'revenue'],
    ])
    expect(steps).toEqual([
      ['a', '2018', '2018', null, 155],
      ['b', '2018', '2018', null, 0],
      ['a', 'Boston', 'US', 'child', 70],
      ['a', 'Lyon', 'FR', 'child', -50],
      ['a', 'Paris', 'FR', 'child', 30],
      ['b', 'Paris', 'FR', 'child', 20],
      ['a', null, 'US', 'child', -5],
      ['a', 'FR', 'FR', 'parent', -20],
      ['b', 'FR', 'FR', 'parent', 20],
      ['a', 'US', 'US', 'parent', 65],
      ['a', '2019', '2019', null, 200],
      ['b', '2019', '2019', null, 20],
    ])
  })

  it('takes milestones of any type: numbers as text, dates, texts that are none', async () => {
    const whole = await rows('sales', waterfall())
    expect(await rows('sales', waterfall({ start: '2018', end: ' 2019 ' }))).toEqual(
      whole.map(([label, ...rest]) => [label === '2019' ? ' 2019 ' : label, ...rest] as Value[]),
    )
    const dated = waterfall({ milestonesColumn: 'day', start: '2018-01-01', end: '{{ day }}' })
    const asked = await tables.ask([{ name: 'domain', domain: 'sales' }, dated], {
      variables: { day: new Date('2019-01-01') },
    })
    expect(asked.rows.map((row) => row[2])).toEqual(whole.map((row) => row[2]))
    expect([asked.rows[0]?.[0], asked.rows.at(-1)?.[0]]).toEqual(['2018-01-01', '2019-01-01'])
    expect(await rows('sales', waterfall({ start: "2018'; --", end: true }))).toEqual([
      ["2018'; --", null, 0],
      ['true', null, 0],
    ])
    expect(await rows('empty', waterfall())).toEqual([
      ['2018', null, 0],
      ['2019', null, 0],
    ])
    expect(await rows('empty', waterfall({ groupby: ['city'] }))).toEqual([])
  })

  it('gives null where a sum or a difference fits no column', async () => {
    const step = (valueColumn: string) =>
      waterfall({
        valueColumn,
        labelsColumn: 'label',
        milestonesColumn: 'at',
        start: 'start',
        end: 'end',
        sortBy: 'label',
        order: 'asc',
      })
    expect(await rows('large', step('value'))).toEqual([
      ['start', null, null],
      ['x', 'parent', null],
      ['y', 'parent', 5],
      ['z', 'parent', null],
      ['end', null, 1],
    ])
    expect((await rows('large', step('number'))).map((row) => row[2])).toEqual([null, null, -1, null, 1e308])
  })

  it('refuses what is missing, texts as values and names that clash', async () => {
    expect(await refusal(waterfall({ labelsColumn: 'town' }))).toMatchObject([{ column: 'town' }])
    expect(await refusal(waterfall({ valueColumn: 'city' }))).toMatchObject([{ column: 'city' }])
    expect(await refusal(waterfall({ groupby: ['revenue'] }))).toMatchObject([{ column: 'revenue' }])
    expect(await refusal(waterfall({ start: null }))).toMatchObject([{ path: '/pipeline/1/start' }])
    expect(await refusal(waterfall({ start: [2018] }))).toMatchObject([{ path: '/pipeline/1/start' }])
  })
})
