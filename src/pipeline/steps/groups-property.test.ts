import fc from 'fast-check'
import { expect, it } from 'vitest'
import { memoryTables } from '../../../test/builders/memory-tables.ts'
import type { Value } from '../index.ts'

/** A row: its position, its group, a key with ties and nulls, a value with nulls. */
type Row = readonly [id: number, group: string | null, key: number | null, value: number | null]

const table = fc
  .array(
    fc.tuple(
      fc.constantFrom(null, 'a', 'b', 'É'),
      fc.option(fc.integer({ min: -3, max: 3 })),
      fc.option(fc.integer({ min: -50, max: 50 })),
    ),
    { maxLength: 25 },
  )
  .map((rows) => rows.map(([group, key, value], id): Row => [id, group, key, value]))

const columns = { id: 'integer', group: 'text', key: 'integer', value: 'integer' } as const

/** Nulls last, ties in the order of the rows. */
function compare(a: number | string | null, b: number | string | null): number {
  if (a === b) return 0
  if (a === null) return 1
  if (b === null) return -1
  return a < b ? -1 : 1
}

const byKey = (rows: readonly Row[]) => rows.toSorted((a, b) => compare(a[2], b[2]))
const groupsOf = (rows: readonly Row[]) =>
  [...new Set(rows.map(([, group]) => group))].toSorted(compare).map((group) => rows.filter((row) => row[1] === group))
const valuesOf = (rows: readonly Row[]) => rows.map(([, , , value]) => value).filter((value) => value !== null)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

/** What the plainest reading of each step gives: the id of each row with its figure, in the order of the answer. */
const readings: readonly { step: object; plainly: (rows: readonly Row[]) => Value[][] }[] = [
  {
    step: { name: 'cumsum', toCumSum: [['value', 'figure']], referenceColumn: 'key', groupby: ['group'] },
    plainly: (rows) =>
      byKey(rows).map((row, at, sorted) => {
        const before = sorted.slice(0, at + 1).filter(([, group]) => group === row[1])
        return [row[0], row[3] === null ? null : sum(valuesOf(before))]
      }),
  },
  {
    step: {
      name: 'movingaverage',
      valueColumn: 'value',
      columnToSort: 'key',
      movingWindow: 3,
      groups: ['group'],
      newColumnName: 'figure',
    },
    plainly: (rows) =>
      groupsOf(rows).flatMap((group) =>
        byKey(group).map(([id], at, sorted) => {
          const window = valuesOf(sorted.slice(Math.max(0, at - 2), at + 1))
          return [id, window.length === 3 ? sum(window) / 3 : null]
        }),
      ),
  },
  {
    step: {
      name: 'rank',
      valueCol: 'value',
      order: 'desc',
      method: 'standard',
      groupby: ['group'],
      newColumnName: 'figure',
    },
    plainly: (rows) => {
      const rankOf = ([, group, , value]: Row) =>
        value === null
          ? null
          : 1 + valuesOf(rows.filter((row) => row[1] === group)).filter((other) => other > value).length
      const ranked = rows.map((row) => [row[0], rankOf(row)] as const)
      return ranked.toSorted((a, b) => compare(a[1], b[1])).map((row) => [...row])
    },
  },
  {
    step: { name: 'percentage', column: 'value', group: ['group'], newColumnName: 'figure' },
    plainly: (rows) =>
      rows.map(([id, group, , value]) => {
        const total = sum(valuesOf(rows.filter((row) => row[1] === group)))
        return [id, value === null || total === 0 ? null : value / total]
      }),
  },
]

it('figures in groups are those of the plainest reading, in its order', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom(...readings), async (rows, { step, plainly }) => {
      const tables = await memoryTables({ t: { columns, rows } })
      try {
        const answer = await tables.ask([
          { name: 'domain', domain: 't' },
          step,
          { name: 'select', columns: ['id', 'figure'] },
        ])
        const close = (row: Value[]) => row.map((cell) => (typeof cell === 'number' ? expect.closeTo(cell, 9) : cell))
        expect(answer.rows).toEqual(plainly(rows).map(close))
      } finally {
        tables.close()
      }
    }),
    { numRuns: 60 },
  )
})

it('quantiles lie between their neighbours, so much of the way as is left over', async () => {
  const quantile = fc
    .integer({ min: 1, max: 10 })
    .chain((order) => fc.tuple(fc.integer({ min: 0, max: order }), fc.constant(order)))
  await fc.assert(
    fc.asyncProperty(table, quantile, async (rows, [nth, order]) => {
      const tables = await memoryTables({ t: { columns, rows } })
      try {
        const step = {
          name: 'statistics',
          column: 'value',
          groupbyColumns: ['group'],
          quantiles: [{ label: 'q', nth, order }],
        }
        const answer = await tables.ask([{ name: 'domain', domain: 't' }, step])
        const expected = groupsOf(rows).map((group) => {
          const values = valuesOf(group).toSorted((a, b) => a - b)
          const place = (nth / order) * (values.length - 1)
          const [lower, upper] = [values[Math.floor(place)], values[Math.ceil(place)]]
          const between =
            lower === undefined || upper === undefined ? null : lower + (upper - lower) * (place - Math.floor(place))
          return [group[0]?.[1] ?? null, between === null ? null : expect.closeTo(between, 9)]
        })
        expect(answer.rows).toEqual(expected)
      } finally {
        tables.close()
      }
    }),
    { numRuns: 40 },
  )
})
