import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import type { Value } from '../index.ts'

let tables: MemoryTables

beforeAll(async () => {
  const day = (text: string) => new Date(text)
  tables = await memoryTables({
    sales: {
      columns: { id: 'integer', day: 'date', city: 'text', units: 'integer', amount: 'number' },
      rows: [
        [1, day('2024-02-29'), 'Lyon', 10, 4],
        [2, day('2024-01-31'), 'Lyon', 4, -2],
        [3, day('2024-01-31'), null, 5, 0],
        [4, day('2024-02-29'), null, 2, 7],
        [5, null, 'Lyon', 9, 1],
        [6, day('2025-02-28'), 'Lyon', null, 8],
        [7, day('2024-02-28T00:00:00.001Z'), 'Lyon', 1, 1],
        [8, day('2024-03-29'), 'Lyon', 3, null],
      ],
    },
    twice: {
      columns: { day: 'date', v: 'number' },
      rows: [
        [day('2024-01-30'), 1],
        [day('2024-01-31'), null],
        [day('2024-02-29'), 5],
      ],
    },
    large: {
      columns: { day: 'date', i: 'integer', n: 'number' },
      rows: [
        [day('2024-01-01'), -(2n ** 63n), -1e308],
        [day('2024-01-02'), 2n ** 63n - 1n, 1e308],
        [day('2024-01-03'), 2n ** 63n - 2n, 0],
        [new Date(8.64e15), 1, 1],
        [new Date(-8.64e15), 1, 1],
      ],
    },
    empty: { columns: { day: 'date', v: 'number' }, rows: [] },
  })
})
afterAll(() => tables.close())

function from(domain: string, ...steps: object[]) {
  return tables.ask([{ name: 'domain', domain }, ...steps])
}

async function evolution(domain: string, fields: object): Promise<(Value | undefined)[]> {
  const step = {
    name: 'evolution',
    date_col: 'day',
    value_col: 'units',
    evolution_format: 'abs',
    new_column: 'x',
    ...fields,
  }
  return (await from(domain, step, { name: 'select', columns: ['x'] })).rows.map(([value]) => value)
}

async function refusal(fields: object): Promise<readonly ProblemItem[]> {
  try {
    await evolution('sales', { evolution_type: 'vsLastDay', ...fields })
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('evolution', () => {
  it('compares with the row of the same index a period earlier, null being an index too', async () => {
    const index = { index_columns: ['city'] }
    const month = { evolution_type: 'vsLastMonth', ...index }
    expect(await evolution('sales', month)).toEqual([6, null, null, -3, null, null, null, -7])
    expect(await evolution('sales', { ...month, evolution_format: 'pct' })).toEqual([
      1.5,
      null,
      null,
      -0.6,
      null,
      null,
      null,
      -0.7,
    ])
    expect(await evolution('sales', { evolution_type: 'vsLastYear', ...index, value_col: 'amount' })).toEqual([
      null,
      null,
      null,
      null,
      null,
      4,
      null,
      null,
    ])
  })

  it('is null for a share of 0, for a null on either side, and for two candidates', async () => {
    const month = { evolution_type: 'vsLastMonth', index_columns: ['city'], value_col: 'amount' }
    expect(await evolution('sales', month)).toEqual([6, null, null, 7, null, null, null, null])
    expect(await evolution('sales', { ...month, evolution_format: 'pct' })).toEqual([
      3,
      null,
      null,
      null,
      null,
      null,
      null,
      null,
    ])
    expect(await evolution('sales', { ...month, index_columns: [] })).toEqual(Array(8).fill(null))
    expect(await evolution('twice', { evolution_type: 'vsLastMonth', value_col: 'v' })).toEqual([null, null, null])
  })

  it('goes by the exact instant, a day being a day', async () => {
    expect(await evolution('twice', { evolution_type: 'vsLastDay', value_col: 'v', evolution_format: 'pct' })).toEqual([
      null,
      null,
      null,
    ])
    expect(await evolution('large', { evolution_type: 'vsLastDay', value_col: 'n' })).toEqual([
      null,
      null,
      -1e308,
      null,
      null,
    ])
    expect(await evolution('empty', { evolution_type: 'vsLastWeek', value_col: 'v' })).toEqual([])
  })

  it('gives null where a difference fits no column', async () => {
    const day = { evolution_type: 'vsLastDay', value_col: 'i' }
    expect(await evolution('large', day)).toEqual([null, null, -1, null, null])
    const share = await evolution('large', { ...day, evolution_format: 'pct' })
    expect(share).toEqual([null, null, -1 / (2 ** 63 - 1), null, null])
  })

  it('names its column, replaces one of that name, and keeps the order of the rows', async () => {
    const step = {
      name: 'evolution',
      dateCol: 'day',
      valueCol: 'units',
      evolutionType: 'vsLastDay',
      evolutionFormat: 'pct',
    }
    const sorted = { name: 'sort', columns: [{ column: 'id', order: 'desc' }] }
    const { columns, rows } = await from('sales', sorted, step, { ...step, evolutionFormat: 'abs' })
    expect(columns.slice(-2)).toEqual([
      { name: 'units_EVOL_PCT', type: 'number' },
      { name: 'units_EVOL_ABS', type: 'integer' },
    ])
    expect(rows.map(([id]) => id)).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
    const replaced = await from('sales', { ...step, newColumn: 'day', indexColumns: ['units', 'day', 'day', 'city'] })
    expect(replaced.columns.map(({ name }) => name)).toEqual(['id', 'day', 'city', 'units', 'amount'])
    expect(replaced.rows.map(([, value]) => value)).toEqual(Array(8).fill(null))
  })

  it('does not take twice as long for each further step', async () => {
    const step = {
      name: 'evolution',
      date_col: 'day',
      value_col: 'units',
      evolution_type: 'vsLastDay',
      evolution_format: 'abs',
    }
    const { rows } = await from('sales', ...Array(24).fill(step))
    expect(rows).toHaveLength(8)
  })

  it('refuses columns of other types', async () => {
    expect(await refusal({ date_col: 'city' })).toMatchObject([
      { column: 'city', step: { index: 1, name: 'evolution' } },
    ])
    expect(await refusal({ value_col: 'city' })).toMatchObject([{ column: 'city' }])
    expect(await refusal({ value_col: 'unit', index_columns: ['x'] })).toMatchObject([
      { column: 'unit', nearest: ['units'] },
      { column: 'x' },
    ])
    expect(await refusal({ evolution_type: 'vsLastDecade' })).toMatchObject([{ path: '/pipeline/1/evolution_type' }])
  })
})
