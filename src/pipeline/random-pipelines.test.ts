import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../test/builders/memory-tables.ts'
import {
  apply,
  type Domains,
  holds,
  isText,
  type RandomStep,
  refused,
  type Table,
  type TestCondition,
  table,
} from '../../test/builders/plain-pipeline.ts'
import { isProblem } from '../base/index.ts'
import type { Condition, Value } from './index.ts'

const domains: Domains = {
  left: table(
    ['i1', 'i2', 't1', 't2'],
    [
      [1, 5, 'a', 'x'],
      [2, null, 'b', null],
      [null, 5, null, 'x'],
      [1, 7, 'a', 'y'],
      [3, -2, 'B', ''],
      [2, 5, null, 'y'],
      [1, 5, 'a', 'x'],
      [null, null, null, null],
    ],
  ),
  right: table(
    ['i1', 't1', 'i3'],
    [
      [1, 'a', 10],
      [2, 'b', null],
      [1, 'c', 30],
      [null, null, 40],
      [9, 'z', 50],
    ],
  ),
  empty: table(['i1', 't1'], []),
}

const column = fc.constantFrom('i1', 'i2', 'i3', 't1', 't2', 'i1_right')
const integerName = fc.constantFrom('i1', 'i2', 'i4')
const order = fc.constantFrom('asc' as const, 'desc' as const)
const value = fc.constantFrom<Value>(null, 1, 2, 5, 'a', 'x', '')
const aggregation = fc.oneof(
  fc.record({
    newColumns: fc.tuple(fc.constantFrom('i1', 'i5', 'i6')),
    aggFunction: fc.constantFrom(
      'sum',
      'count',
      'count distinct',
      'count distinct including empty',
      'min',
      'max',
      'first',
      'last',
    ),
    columns: fc.tuple(integerName),
  }),
  fc.record({
    newColumns: fc.tuple(fc.constantFrom('t1', 't5')),
    aggFunction: fc.constantFrom('min', 'max', 'first', 'last'),
    columns: fc.tuple(fc.constantFrom('t1', 't2')),
  }),
)
const step: fc.Arbitrary<RandomStep> = fc.oneof(
  fc.record({
    name: fc.constant('filter' as const),
    condition: fc.oneof(
      fc.record({
        column,
        operator: fc.constantFrom('eq' as const, 'ne' as const, 'lt' as const, 'ge' as const),
        value,
      }),
      fc.record({
        column,
        operator: fc.constantFrom('in' as const, 'nin' as const),
        value: fc.array(value, { maxLength: 3 }),
      }),
    ),
  }),
  fc.record({
    name: fc.constant('select' as const),
    columns: fc.shuffledSubarray(['i1', 'i2', 't1', 't2'], { minLength: 2 }),
  }),
  fc.record({ name: fc.constant('delete' as const), columns: fc.array(column, { minLength: 1, maxLength: 2 }) }),
  fc.record({
    name: fc.constant('rename' as const),
    toRename: fc.constantFrom<[string, string][]>(
      [
        ['i1', 'i2'],
        ['i2', 'i1'],
      ],
      [['t1', 't9']],
      [['i1', 'i2']],
      [
        ['t2', 't1'],
        ['t1', 't2'],
      ],
    ),
  }),
  fc.record({
    name: fc.constant('sort' as const),
    columns: fc.array(fc.record({ column, order }), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    name: fc.constant('top' as const),
    rankOn: column,
    sort: order,
    limit: fc.integer({ min: 0, max: 4 }),
    groups: fc.uniqueArray(column, { maxLength: 2 }),
  }),
  fc
    .constantFrom(['i1', 'i1 + i2'], ['i4', 'i1 + i1'], ['t1', 't1 + t2'], ['t5', 't2 + t2'])
    .map(([newColumn = '', formula = '']) => ({ name: 'formula' as const, newColumn, formula })),
  fc.record({
    name: fc.constant('aggregate' as const),
    on: fc.array(column, { maxLength: 2 }),
    keepOriginalGranularity: fc.boolean(),
    aggregations: fc.array(aggregation, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    name: fc.constant('join' as const),
    rightPipeline: fc.constantFrom('right', 'empty'),
    type: fc.constantFrom('left' as const, 'inner' as const, 'full outer' as const),
    on: fc.constantFrom<[string, string][]>(
      [['i1', 'i1']],
      [
        ['i1', 'i1'],
        ['t1', 't1'],
      ],
      [['i2', 'i1']],
      [['t1', 'i1']],
      [['t2', 't1']],
    ),
  }),
)

function expected(steps: readonly RandomStep[], rule: TestCondition): Value[][] | typeof refused {
  const source = domains.left ?? table([], [])
  const seen = {
    ...source,
    rows: source.rows.filter((row) => holds(row, rule)),
  }
  try {
    const { names, rows } = steps.reduce<Table>((input, each) => apply(input, each, domains), seen)
    return rows.map((row) => names.map((name) => row[name] ?? null))
  } catch (error) {
    if (error === refused) return refused
    throw error
  }
}

describe('random pipelines', () => {
  let tables: MemoryTables
  beforeAll(async () => {
    const entries = Object.entries(domains).map(([domain, { names, rows }]) => {
      const columns = Object.fromEntries(
        names.map((name) => [name, isText(name) ? ('text' as const) : ('integer' as const)]),
      )
      return [domain, { columns, rows: rows.map((row) => names.map((name) => row[name] ?? null)) }]
    })
    tables = await memoryTables(Object.fromEntries(entries))
  })
  afterAll(() => tables.close())

  it('give the rows of the plainest reading, in its order, and are refused with it', async () => {
    const rule = fc.record({
      column: fc.constantFrom('i1', 't1'),
      operator: fc.constant('ne' as const),
      value: fc.constantFrom<Value>(2, 'b', null, 'nobody'),
    })
    let compared = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), rule, async (steps, hidden) => {
        const wanted = expected(steps, hidden)
        const rules: Record<string, Condition> = { left: hidden }
        try {
          const { rows } = await tables.ask([{ name: 'domain', domain: 'left' }, ...steps], { rules })
          expect(rows).toEqual(wanted)
          compared++
        } catch (error) {
          if (!isProblem(error, 'pipeline_invalid')) throw error
          expect(wanted).toBe(refused)
        }
      }),
      { numRuns: 600 },
    )
    // The refused ones must not be all there is.
    expect(compared).toBeGreaterThan(100)
  }, 60_000)
})
