import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { memoryTables, type TableForTest } from '../../../test/builders/memory-tables.ts'
import { mongoTables } from '../../../test/builders/mongo-tables.ts'
import type { ColumnType, Value } from '../index.ts'

/** The rows of one step over a table, the same on both. */
async function agree(table: TableForTest, step: object): Promise<readonly Value[][]> {
  const pipeline = [{ name: 'domain', domain: 'd' }, step]
  const duck = await memoryTables({ d: table })
  try {
    const expected = await duck.ask(pipeline)
    expect(await mongoTables({ d: table }).askSettled(pipeline)).toEqual(expected)
    return expected.rows
  } finally {
    duck.close()
  }
}

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 5 })
const group = orNull(fc.constantFrom('a', 'B', ''))
const day = fc.constantFrom('2023-12-31', '2024-01-31', '2024-02-28', '2024-02-29', '2024-03-01', '2024-03-31T10:30')
const shape = fc.tuple(fc.nat(3), fc.nat(3)).map(([x, y]) =>
  JSON.stringify({
    type: 'LineString',
    coordinates: [
      [x, y],
      [x + 1, y],
      [x + 2, y + 0.1],
    ],
  }),
)
const values = {
  k: group,
  l: group,
  i: orNull(fc.integer({ min: -2, max: 3 })),
  d: orNull(day.map((text) => new Date(text.includes('T') ? `${text}Z` : text))),
  geometry: orNull(fc.oneof({ weight: 5, arbitrary: shape }, { weight: 1, arbitrary: fc.constant('no shape') })),
}
const columns: { readonly [name: string]: ColumnType } = {
  k: 'text',
  l: 'text',
  i: 'integer',
  d: 'date',
  geometry: 'text',
}
const table: fc.Arbitrary<TableForTest> = fc
  .array(fc.tuple(values.k, values.l, values.i, values.d, values.geometry), { maxLength: 10, size: 'max' })
  .map((rows) => ({ columns, rows }))
const on = fc.constantFrom<string[]>([], ['k'], ['k', 'l'], ['l', 'k', 'l'])
const some = fc.constantFrom<string[]>(['k'], ['k', 'l'], ['i', 'k', 'l'], ['k', 'k'])

const steps: readonly (readonly [name: string, fields: fc.Arbitrary<object>])[] = [
  [
    'evolution',
    fc.record({
      dateCol: fc.constant('d'),
      valueCol: fc.constant('i'),
      evolutionType: fc.constantFrom('vsLastYear', 'vsLastMonth', 'vsLastWeek', 'vsLastDay'),
      evolutionFormat: fc.constantFrom('abs', 'pct'),
      indexColumns: on,
    }),
  ],
  [
    'addmissingdates',
    fc.record({
      datesColumn: fc.constant('d'),
      datesGranularity: fc.constantFrom('day', 'week', 'month', 'year'),
      groups: on,
    }),
  ],
  [
    'waterfall',
    fc.record({
      valueColumn: fc.constant('i'),
      milestonesColumn: fc.constant('k'),
      start: fc.constantFrom('a', 'other'),
      end: fc.constantFrom('B', '', 'a'),
      labelsColumn: fc.constantFrom('l', 'd', 'k'),
      parentsColumn: fc.constantFrom(null, 'l', 'd'),
      groupby: fc.constantFrom<string[]>([], ['l'], ['d', 'l']),
      sortBy: fc.constantFrom('value', 'label'),
      order: fc.constantFrom('asc', 'desc'),
      backfill: fc.boolean(),
    }),
  ],
  [
    'pivot',
    fc.record({
      index: some,
      columnToPivot: fc.constantFrom('l', 'd'),
      valueColumn: fc.constant('i'),
      aggFunction: fc.constantFrom('sum', 'avg', 'count', 'min', 'max'),
    }),
  ],
  [
    'dissolve',
    fc.record({
      groups: some,
      includeNulls: fc.boolean(),
      aggregations: fc.constantFrom([], [{ columns: ['d'], newColumns: ['first'], aggFunction: 'first' }]),
    }),
  ],
  ['hierarchy', fc.record({ hierarchy: some })],
  ['simplify', fc.record({ tolerance: fc.constantFrom(0.01, 1) })],
]

describe('MongoDB and DuckDB', () => {
  it.each(steps)('give the same rows in the same order: %s', { timeout: 60_000 }, async (name, fields) => {
    let rows = 0
    await fc.assert(
      fc.asyncProperty(table, fields, async (input, given) => {
        rows += (await agree(input, { name, ...given })).length
      }),
      { numRuns: 30 },
    )
    expect(rows).toBeGreaterThan(15)
  })

  it('fill gaps of many periods', async () => {
    const ends: TableForTest = {
      columns: { d: 'date', n: 'integer' },
      rows: [
        [new Date('1950-02-03T04:00Z'), 1],
        [new Date('2024-03-01'), 2],
      ],
    }
    const step = { name: 'addmissingdates', datesColumn: 'd', datesGranularity: 'day' }
    const rows = await agree(ends, step)
    expect(rows).toHaveLength(27_056)
    expect(rows.at(-2)).toEqual([new Date('2024-02-29'), null])
  })

  it('make shapes of more groups than a sort has keys', async () => {
    const names = Array.from({ length: 20 }, (_, n) => `g${n}`)
    const point = (x: number) => JSON.stringify({ type: 'Point', coordinates: [x, 0] })
    const rows = Array.from({ length: 30 }, (_, n): Value[] => [
      ...names.map((_, at) => (n % 2 === 0 && (n * (at + 3)) % 7 === 0 ? null : (n * (at + 1)) % 3)),
      point(n % 5),
    ])
    const input: TableForTest = {
      columns: { ...Object.fromEntries(names.map((name) => [name, 'integer' as const])), geometry: 'text' },
      rows,
    }
    for (const step of [
      { name: 'dissolve', groups: names, includeNulls: true },
      { name: 'dissolve', groups: names },
      { name: 'hierarchy', hierarchy: names },
    ]) {
      expect((await agree(input, step)).length).toBeGreaterThan(0)
    }
  })
})
