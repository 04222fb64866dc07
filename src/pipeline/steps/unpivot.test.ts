import { describe, expect, it } from 'vitest'
import { hostile, stepTables } from '../../../test/builders/step-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'

const { from, rows } = stepTables({
  shops: {
    columns: { city: 'text', kind: 'text', sales: 'integer', share: 'number', [hostile]: 'integer', open: 'boolean' },
    rows: [
      ['Lyon', 'big', 10, 0.5, 1, true],
      [null, 'big', null, 0.25, 2, null],
      ['Lyon', 'big', 3, null, null, false],
      ['Lyon', null, 3, null, null, false],
    ],
  },
  empty: { columns: { id: 'integer', city: 'text' }, rows: [] },
})

async function refusal(step: object): Promise<readonly ProblemItem[]> {
  try {
    await from('shops', step)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('unpivot', () => {
  const unpivot = (fields: object) => ({
    name: 'unpivot',
    keep: ['city'],
    unpivot: ['share', 'sales'],
    unpivot_column_name: 'what',
    value_column_name: 'how much',
    dropna: false,
    ...fields,
  })

  it('gives the columns of a row one after the other, row by row', async () => {
    const { columns, rows: unpivoted } = await from('shops', unpivot({}))
    expect(columns).toEqual([
      { name: 'city', type: 'text' },
      { name: 'what', type: 'text' },
      { name: 'how much', type: 'number' },
    ])
    expect(unpivoted).toEqual([
      ['Lyon', 'share', 0.5],
      ['Lyon', 'sales', 10],
      [null, 'share', 0.25],
      [null, 'sales', null],
      ['Lyon', 'share', null],
      ['Lyon', 'sales', 3],
      ['Lyon', 'share', null],
      ['Lyon', 'sales', 3],
    ])
  })

  it('drops nulls when asked to, and keeps the order of the rows', async () => {
    const sorted = { name: 'sort', columns: [{ column: 'sales', order: 'asc' }] }
    expect(await rows('shops', sorted, unpivot({ dropna: true, keep: [] }))).toEqual([
      ['sales', 3],
      ['sales', 3],
      ['share', 0.5],
      ['sales', 10],
      ['share', 0.25],
    ])
  })

  it('makes one type of several, and one column of one', async () => {
    const mixed = await from('shops', unpivot({ keep: [], unpivot: ['open', 'share', hostile] }))
    expect(mixed.columns[1]?.type).toBe('text')
    expect(mixed.rows.slice(0, 5)).toEqual([
      ['open', 'true'],
      ['share', '0.5'],
      [hostile, '1'],
      ['open', null],
      ['share', '0.25'],
    ])
    const single = await from('shops', unpivot({ keep: ['sales', 'sales'], unpivot: ['open'] }))
    expect(single.columns.map(({ type }) => type)).toEqual(['integer', 'text', 'boolean'])
    expect(await rows('empty', unpivot({ keep: [], unpivot: ['id', 'city'] }))).toEqual([])
  })

  it('refuses names that clash, nothing to unpivot and what is missing', async () => {
    expect(await refusal(unpivot({ value_column_name: 'what' }))).toMatchObject([{ column: 'what' }])
    expect(await refusal(unpivot({ unpivot_column_name: 'city' }))).toMatchObject([{ column: 'city' }])
    expect(await refusal(unpivot({ unpivot: [] }))).toMatchObject([{ path: '/pipeline/1/unpivot' }])
    expect(await refusal(unpivot({ unpivot: ['sales', 'sales'] }))).toMatchObject([{ column: 'sales' }])
    expect(await refusal(unpivot({ unpivot: ['sale'] }))).toMatchObject([{ column: 'sale' }])
    expect(await refusal(unpivot({ keep: ['town'] }))).toMatchObject([{ column: 'town' }])
  })
})

describe('uniquegroups', () => {
  it('gives each combination once, in order, null being a value', async () => {
    expect(await from('shops', { name: 'uniquegroups', on: ['kind', 'city', 'kind'] })).toEqual({
      columns: [
        { name: 'kind', type: 'text' },
        { name: 'city', type: 'text' },
      ],
      rows: [
        ['big', 'Lyon'],
        ['big', null],
        [null, 'Lyon'],
      ],
    })
    expect(await rows('empty', { name: 'uniquegroups', on: ['city'] })).toEqual([])
    expect(await rows('shops', { name: 'uniquegroups', on: [hostile] })).toEqual([[1], [2], [null]])
  })

  it('refuses no columns and missing ones', async () => {
    expect(await refusal({ name: 'uniquegroups', on: [] })).toMatchObject([{ path: '/pipeline/1/on' }])
    expect(await refusal({ name: 'uniquegroups', on: ['x'] })).toMatchObject([{ column: 'x' }])
  })
})
