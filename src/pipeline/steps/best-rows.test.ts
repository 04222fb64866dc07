import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import type { Value } from '../index.ts'

const hostile = 'a"b`c\'];-- $where /* 😀'
let tables: MemoryTables

beforeAll(async () => {
  tables = await memoryTables({
    sales: {
      columns: { id: 'integer', city: 'text', amount: 'number', units: 'integer', open: 'boolean' },
      rows: [
        [1, 'Lyon', 10, 1, true],
        [2, null, 5, null, null],
        [3, 'Paris', null, 3, false],
        [4, 'Lyon', 10, 4, true],
        [5, null, null, null, null],
        [6, 'Paris', 2.5, 3, true],
        [7, 'Nice', null, 2, null],
      ],
    },
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
})
afterAll(() => tables.close())

function from(domain: string, ...steps: object[]) {
  return tables.ask([{ name: 'domain', domain }, ...steps])
}

async function rows(domain: string, ...steps: object[]): Promise<Value[][]> {
  return (await from(domain, ...steps)).rows
}

const select = (...columns: string[]) => ({ name: 'select', columns })
const ids = async (...steps: object[]) => (await rows('sales', ...steps, select('id'))).map(([id]) => id)

async function refusal(domain: string, ...steps: object[]): Promise<readonly ProblemItem[]> {
  try {
    await from(domain, ...steps)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

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
