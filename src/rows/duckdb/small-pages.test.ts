import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { silentLog, systemClock } from '../../base/index.ts'
import type { Column, Value } from '../../pipeline/index.ts'
import type { Rows } from '../port.ts'
import { openDuckdbRows } from './open-duckdb-rows.ts'

let home: string
let rows: Rows
const never = new AbortController().signal
const columns: Column[] = [
  { name: 'i "', type: 'integer' },
  { name: 'n', type: 'number' },
  { name: 't\u2028', type: 'text' },
  { name: 'b', type: 'boolean' },
  { name: 'd', type: 'date' },
]

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'laputa-pages-'))
  const settings = { kind: 'duckdb', home, memoryLimitBytes: 2 ** 28, threads: 1, maxColumns: 100 } as const
  rows = await openDuckdbRows(settings, { clock: systemClock, log: silentLog })
})
afterAll(async () => {
  await rows.close()
  await rm(home, { recursive: true, force: true })
})

async function engineOver(values: readonly (readonly Value[])[]) {
  const written = await rows.write({ app: 'a', domain: 'd', columns, batches: [{ columns, rows: values }] }, never)
  return rows.engine(new Map([['d', written.version]]))
}
const query = () => guardedForTest([{ name: 'domain', domain: 'd' }])

it('prints the same bytes whether DuckDB prints them or this process does', async () => {
  const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(-0, 1e15, 1e21, 5e-324))
  const year = fc.integer({ min: -9999, max: 20_000 })
  const date = fc
    .tuple(year, fc.nat(86_400_000))
    .map(([y, ms]) => new Date(Date.UTC(2000, 0, 1) + (y - 2000) * 31_556_952_000 + ms))
  const row = fc.tuple(
    fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    fc.option(number),
    fc.option(fc.string({ unit: 'grapheme', maxLength: 8 })),
    fc.option(fc.boolean()),
    fc.option(date),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 0, maxLength: 20 }),
      fc.nat(5),
      fc.option(fc.nat(8)),
      async (table, offset, limit) => {
        const engine = await engineOver(table)
        const slice = { offset, limit, maxRows: 10 }
        const first = await engine.fetch(query(), slice, never)
        const second = await engine.fetch(query(), slice, never)
        expect(second.rows.toString()).toBe(first.rows.toString())
        expect({ ...second, rows: '', stats: '' }).toEqual({ ...first, rows: '', stats: '' })
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

it('notices when few rows became many', async () => {
  const few = await engineOver([[1n, 1, 'a', true, null]])
  for (let time = 0; time < 2; time++) expect((await few.fetch(query(), all, never)).count).toBe(1)
  const many = await engineOver(Array.from({ length: 9000 }, (_, at) => [BigInt(at), at, 'a', true, null]))
  for (let time = 0; time < 3; time++) {
    const slice = await many.fetch(query(), all, never)
    expect([slice.count, JSON.parse(slice.rows.toString()).length]).toEqual([9000, 9000])
  }
})
const all = { offset: 0, limit: null, maxRows: 100_000 }
