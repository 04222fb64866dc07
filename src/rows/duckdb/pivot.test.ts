import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { silentLog, systemClock } from '../../base/index.ts'
import type { Column, Step, Value } from '../../pipeline/index.ts'
import { openRows, type Rows } from '../index.ts'

const never = new AbortController().signal
const columns: Column[] = [
  { name: 'city', type: 'text' },
  { name: 'year', type: 'integer' },
  { name: 'sales', type: 'number' },
]
const pivot: Step = { name: 'pivot', index: ['city'], columnToPivot: 'year', valueColumn: 'sales', aggFunction: 'sum' }
const everything = { offset: 0, limit: null, maxRows: 1000 }

describe('a pivot over rows in DuckDB', () => {
  let home: string
  let rows: Rows
  let version: string

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'laputa-pivot-'))
    rows = await openRows(
      { kind: 'duckdb', home, memoryLimitBytes: 2 ** 28, threads: 1, maxColumns: 4096 },
      { clock: systemClock, log: silentLog },
    )
    const values = Array.from({ length: 300 }, (_, at): Value[] => [
      ['Nice', 'Lyon'][at % 2] ?? null,
      2019 + (at % 3),
      1,
    ])
    const batches = [{ columns, rows: values }]
    version = (await rows.write({ app: 'a', domain: 'd', columns, batches }, never)).version
  })
  afterAll(async () => {
    await rows.close()
    await rm(home, { recursive: true, force: true })
  })

  const engine = () => rows.engine(new Map([['d', version]]))
  const query = (...steps: Step[]) => guardedForTest([{ name: 'domain', domain: 'd' }, ...steps])

  it('answers with the columns that the rows have, in a page', async () => {
    const slice = await engine().fetch(query(pivot), { ...everything, offset: 1, limit: 1 }, never)
    expect(slice).toMatchObject({ count: 1, page: { offset: 1, total: 2 } })
    expect(slice.columns).toEqual([
      { name: 'city', type: 'text' },
      ...['2019', '2020', '2021'].map((name) => ({ name, type: 'number' })),
    ])
    expect(JSON.parse(slice.rows.toString())).toEqual([{ city: 'Nice', 2019: 50, 2020: 50, 2021: 50 }])
  })

  it('takes the few texts of a column as its names', async () => {
    const slice = await engine().fetch(query({ ...pivot, index: ['year'], columnToPivot: 'city' }), everything, never)
    expect(slice.columns.map(({ name }) => name)).toEqual(['year', 'Lyon', 'Nice'])
    expect(JSON.parse(slice.rows.toString())[0]).toEqual({ year: 2019, Lyon: 50, Nice: 50 })
  })

  it('streams', async () => {
    const streamed: (readonly Value[])[] = []
    for await (const batch of engine().stream(query(pivot), never)) streamed.push(...batch.rows)
    expect(streamed).toEqual([
      ['Lyon', 50, 50, 50],
      ['Nice', 50, 50, 50],
    ])
  })

  it('is refused with its step, and stops with its signal', async () => {
    const wrong = query({ ...pivot, columnToPivot: 'yaer' })
    await expect(engine().fetch(wrong, everything, never)).rejects.toMatchObject({
      code: 'pipeline_invalid',
      errors: [{ column: 'yaer', nearest: ['year'], step: { name: 'pivot' } }],
    })
    const stopped = AbortSignal.abort()
    await expect(engine().fetch(query(pivot), everything, stopped)).rejects.toMatchObject({ code: 'cancelled' })
  })
})
