import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import type { Value } from '../index.ts'

let tables: MemoryTables
const day = (text: string) => new Date(text)

beforeAll(async () => {
  tables = await memoryTables({
    visits: {
      columns: { day: 'date', city: 'text', n: 'integer', note: 'text' },
      rows: [
        [day('2024-01-05T10:00:00Z'), 'Paris', 1, null],
        [day('2024-01-05T08:00:00Z'), 'Paris', 2, 'b'],
        [day('2024-01-03'), 'Paris', 3, 'c'],
        [null, 'Paris', 4, 'd'],
        [day('2023-12-31'), null, 5, 'e'],
        [day('2024-01-02'), null, 6, 'f'],
        [day('2024-01-09'), 'Lyon', 7, 'g'],
        [null, 'Nice', 8, 'h'],
      ],
    },
    sparse: {
      columns: { day: 'date', n: 'integer' },
      rows: [
        [day('2024-05-31'), 2],
        [day('2024-01-31T12:00:00Z'), 1],
      ],
    },
    empty: { columns: { day: 'date', city: 'text' }, rows: [] },
    nulls: { columns: { day: 'date', city: 'text' }, rows: [[null, 'x']] },
  })
})
afterAll(() => tables.close())

async function filled(domain: string, fields: object, ...before: object[]): Promise<Value[][]> {
  const step = { name: 'addmissingdates', dates_column: 'day', dates_granularity: 'day', ...fields }
  return (await tables.ask([{ name: 'domain', domain }, ...before, step])).rows
}

async function refusal(fields: object): Promise<readonly ProblemItem[]> {
  try {
    await filled('visits', fields)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('addmissingdates', () => {
  it('fills each group from its first to its last date, ordered by groups and date', async () => {
    expect(await filled('visits', { groups: ['city'] })).toEqual([
      [day('2024-01-09'), 'Lyon', 7, 'g'],
      [day('2024-01-03'), 'Paris', 3, 'c'],
      [day('2024-01-04'), 'Paris', null, null],
      [day('2024-01-05T10:00:00Z'), 'Paris', 1, 'b'],
      [day('2023-12-31'), null, 5, 'e'],
      [day('2024-01-01'), null, null, null],
      [day('2024-01-02'), null, 6, 'f'],
    ])
  })

  it('merges the rows of a period by the order that they have', async () => {
    const sorted = { name: 'sort', columns: [{ column: 'n', order: 'desc' }] }
    const rows = await filled('visits', { groups: ['city'] }, sorted)
    expect(rows[3]).toEqual([day('2024-01-05T08:00:00Z'), 'Paris', 2, 'b'])
    expect(await filled('visits', { dates_granularity: 'year', groups: [] })).toEqual([
      [day('2023-12-31'), null, 5, 'e'],
      [day('2024-01-05T10:00:00Z'), 'Paris', 1, 'b'],
    ])
  })

  it('adds the first days of months, years and weeks from Sunday', async () => {
    expect(await filled('sparse', { dates_granularity: 'month' })).toEqual([
      [day('2024-01-31T12:00:00Z'), 1],
      [day('2024-02-01'), null],
      [day('2024-03-01'), null],
      [day('2024-04-01'), null],
      [day('2024-05-31'), 2],
    ])
    const weeks = await filled('sparse', { dates_granularity: 'week' })
    expect(weeks).toHaveLength(18)
    expect(weeks[1]).toEqual([day('2024-02-04'), null])
    expect(await filled('sparse', {})).toHaveLength(122)
  })

  it('gives nothing for nothing', async () => {
    expect(await filled('empty', {})).toEqual([])
    expect(await filled('empty', { groups: ['city'] })).toEqual([])
    expect(await filled('nulls', {})).toEqual([])
  })

  it('takes several groups and keeps types and names', async () => {
    const step = {
      name: 'addmissingdates',
      datesColumn: 'day',
      datesGranularity: 'day',
      groups: ['note', 'city', 'note'],
    }
    const { columns, rows } = await tables.ask([{ name: 'domain', domain: 'visits' }, step, step])
    expect(columns).toEqual([
      { name: 'day', type: 'date' },
      { name: 'city', type: 'text' },
      { name: 'n', type: 'integer' },
      { name: 'note', type: 'text' },
    ])
    expect(rows.map(([, , n]) => n)).toEqual([2, 3, 5, 6, 7, 1])
  })

  it('refuses what is no date and no granularity', async () => {
    expect(await refusal({ dates_column: 'city' })).toMatchObject([
      { column: 'city', step: { name: 'addmissingdates' } },
    ])
    expect(await refusal({ groups: ['day'] })).toMatchObject([{ column: 'day' }])
    expect(await refusal({ groups: ['town'], dates_column: 'dya' })).toHaveLength(2)
    expect(await refusal({ dates_granularity: 'hour' })).toMatchObject([{ path: '/pipeline/1/dates_granularity' }])
  })
})
