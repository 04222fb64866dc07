import { afterAll, beforeAll } from 'vitest'
import { isProblem, type ProblemItem } from '../../src/base/index.ts'
import type { Column, Value } from '../../src/pipeline/index.ts'
import { type MemoryTables, memoryTables, type TableForTest } from './memory-tables.ts'

/** A name of a column that no quoting may stumble over. */
export const hostile = 'a"b`c\'];-- $where /* 😀'

export const salesByCity: TableForTest = {
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
}

export const salesByCountry: TableForTest = {
  columns: { id: 'integer', country: 'text', city: 'text', year: 'integer', amount: 'number', units: 'integer' },
  rows: [
    [1, 'FR', 'Paris', 2019, 10, 1],
    [2, 'FR', 'Lyon', 2019, 5, null],
    [3, 'FR', 'Paris', 2020, null, 3],
    [4, 'US', 'Paris', 2019, 2.5, 4],
    [5, null, null, 2020, 4, null],
    [6, 'FR', null, 2020, 1, 2],
  ],
}

/** Ties, nulls in every column, and an instant among dates. */
export const salesWithDays: TableForTest = {
  columns: { id: 'integer', city: 'text', amount: 'number', units: 'integer', day: 'date', open: 'boolean' },
  rows: [
    [1, 'Lyon', 10, 1, new Date('2024-01-01T10:00:00Z'), true],
    [2, null, 5, null, new Date('2024-01-03'), null],
    [3, 'Paris', null, 3, new Date('2024-01-02'), false],
    [4, 'Lyon', 10, 4, null, true],
    [5, null, null, null, new Date('2024-01-01'), null],
    [6, 'Paris', 2.5, 3, new Date('2024-01-02'), true],
  ],
}

/** One of them twice, one without a name, and one that sold nothing. */
export const countriesByCity: TableForTest = {
  columns: { city: 'text', country: 'text', id: 'integer' },
  rows: [
    ['Paris', 'FR', 100],
    ['Lyon', 'FR', 101],
    [null, 'XX', 102],
    ['Rome', 'IT', 103],
    ['Paris', 'US', 104],
  ],
}

/** Tables of one test file, asked by the name of a domain and the steps after it. */
export interface StepTables {
  from(domain: string, ...steps: object[]): Promise<{ columns: Column[]; rows: Value[][] }>
  rows(domain: string, ...steps: object[]): Promise<Value[][]>
  /** What is wrong with a pipeline; empty when nothing is. */
  refusal(domain: string, ...steps: object[]): Promise<readonly ProblemItem[]>
}

/** Makes the tables before the tests of a file and closes them after. */
export function stepTables(tables: { readonly [domain: string]: TableForTest }): StepTables {
  let made: MemoryTables
  beforeAll(async () => {
    made = await memoryTables(tables)
  })
  afterAll(() => made.close())
  const from: StepTables['from'] = (domain, ...steps) => made.ask([{ name: 'domain', domain }, ...steps])
  return {
    from,
    rows: async (domain, ...steps) => (await from(domain, ...steps)).rows,
    refusal: async (domain, ...steps) => {
      try {
        await from(domain, ...steps)
      } catch (error) {
        if (isProblem(error, 'pipeline_invalid')) return error.errors
        throw error
      }
      return []
    },
  }
}
