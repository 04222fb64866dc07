import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '../../src/base/index.ts'
import type { Batch, Column, Pipeline, Sql, Step, Value } from '../../src/pipeline/index.ts'
import type { LoadedTable, Rows } from '../../src/rows/index.ts'
import { guardedForTest } from '../builders/guarded.ts'
import { problemOf } from '../builders/problem-of.ts'
import type { RowsUnderTest } from './rows.contract.ts'

const never = new AbortController().signal
const n: Column = { name: 'n', type: 'integer' }
const t: Column = { name: 't', type: 'text' }
const limits = { maxRows: 5000 }
const all = { offset: 0, limit: null, maxRows: 100_000 }

/** Batches as a source gives them, which notes whether it was told to end. */
function aSource(columns: readonly Column[], ...batches: Batch['rows'][]) {
  const source = { ended: false, begun: false }
  async function* run(): AsyncGenerator<Batch> {
    source.begun = true
    try {
      yield { columns, rows: [] }
      for (const rows of batches) yield { columns, rows }
    } finally {
      source.ended = true
    }
  }
  return Object.assign(source, { batches: run() })
}
/** Gives one row, and then nothing any more, whatever it is told. */
async function* hanging(): AsyncGenerator<Batch> {
  yield { columns: [n], rows: [[1]] }
  await new Promise(() => {})
}
const counted = (count: number) => Array.from({ length: count }, (_, index) => [index])
const text = (query: string): Sql => ({ texts: [query], values: [] })

/** What every workbench must do. `open` gives empty rows, and with them their workbench. */
export function workbenchContract(name: string, open: () => Promise<RowsUnderTest>): void {
  describe(`${name}: workbench contract`, () => {
    let opened: RowsUnderTest
    let rows: Rows
    beforeAll(async () => {
      opened = await open()
      rows = opened.rows
    })
    afterAll(() => opened.close())

    const load = (columns: readonly Column[], ...batches: Batch['rows'][]) =>
      rows.workbench.load(aSource(columns, ...batches).batches, limits, never)
    const pipelineOf = (domain: string, ...steps: Step[]) => [{ name: 'domain', domain }, ...steps] as Pipeline
    const pipeline = (...steps: Step[]) => pipelineOf('a', ...steps)
    async function fetched(
      tables: Record<string, LoadedTable>,
      versions: Record<string, string> = {},
      query = pipeline(),
    ) {
      const engine = rows.workbench.engine(new Map(Object.entries(tables)), new Map(Object.entries(versions)))
      const { rows: json } = await engine.fetch(guardedForTest(query), all, never)
      return JSON.parse(json.toString()) as unknown
    }
    async function sqlRows(
      query: string,
      input = aSource(
        [n, t],
        [
          [1, 'a'],
          [2, 'b'],
        ],
      ).batches,
      signal = never,
    ) {
      const found: (readonly Value[])[] = []
      for await (const batch of rows.workbench.runSql(text(query), input, { ...limits, signal }))
        found.push(...batch.rows)
      return found
    }

    describe('loading', () => {
      it('keeps every type, the order and the number of rows', async () => {
        const columns: Column[] = [
          n,
          t,
          { name: 'x', type: 'number' },
          { name: 'b', type: 'boolean' },
          { name: 'd', type: 'date' },
        ]
        const day = new Date('2024-02-29T12:00:00.001Z')
        const table = await load(
          columns,
          [[9_007_199_254_740_993n, 'é"\\', 0.1, true, day]],
          [],
          [[null, null, null, null, null]],
        )
        expect([table.columns, table.count]).toEqual([columns, 2])
        expect(await fetched({ a: table })).toEqual([
          { n: '9007199254740993', t: 'é"\\', x: 0.1, b: true, d: day.toISOString() },
          { n: null, t: null, x: null, b: null, d: null },
        ])
        await table.end()
      })

      it('takes names of columns as names, whatever they are', async () => {
        const names = ['c0', '"; DROP TABLE x; --', 'rowid', 'N', 'n']
        const table = await load(
          names.map((of) => ({ name: of, type: 'integer' })),
          [names.map((_, index) => index)],
        )
        expect(await fetched({ a: table })).toEqual([Object.fromEntries(names.map((of, index) => [of, index]))])
        await table.end()
      })

      it('takes a source without columns as one without rows', async () => {
        const table = await load([])
        expect([table.columns, table.count]).toEqual([[], 0])
        expect((await problemOf(fetched({ a: table }))).code).toBe('query_failed')
        await table.end()
      })

      it('refuses more rows than it may take, and ends the source', async () => {
        const source = aSource([n], counted(5000), counted(1), counted(1))
        const problem = await problemOf(rows.workbench.load(source.batches, limits, never))
        expect([problem.code, source.ended]).toEqual(['too_many_rows', true])
      })

      it('gives on what the source throws, and refuses what is not of its columns', async () => {
        const failing = (async function* (): AsyncGenerator<Batch> {
          yield { columns: [n], rows: counted(10) }
          throw new Error('broken')
        })()
        await expect(rows.workbench.load(failing, limits, never)).rejects.toThrow('broken')
        const wrong = aSource([n], [['text']])
        expect((await problemOf(rows.workbench.load(wrong.batches, limits, never))).code).toBe('storage_failed')
        expect(wrong.ended).toBe(true)
      })

      it('stops when it is given up, before, while and after the source has answered', async () => {
        const gone = aSource([n], counted(10))
        expect((await problemOf(rows.workbench.load(gone.batches, limits, AbortSignal.abort()))).code).toBe('cancelled')
        expect(gone.ended || !gone.begun).toBe(true)
        const leave = new AbortController()
        const loading = problemOf(rows.workbench.load(hanging(), limits, leave.signal))
        setTimeout(() => leave.abort(), 50)
        expect((await loading).code).toBe('cancelled')
        const late = problemOf(rows.workbench.load(hanging(), limits, AbortSignal.timeout(60)))
        expect((await late).code).toBe('query_timeout')
      })
    })

    describe('an engine', () => {
      it('reads tables and versions together', async () => {
        const batches = [
          {
            columns: [n, t],
            rows: [
              [1, 'one'],
              [2, 'two'],
            ],
          },
        ]
        const { version } = await rows.write({ app: 'shop', domain: 'sales', columns: [n, t], batches }, never)
        const table = await load([n], [[2], [3]])
        const join = {
          name: 'join',
          right_pipeline: [{ name: 'domain', domain: 'sales' }],
          type: 'left',
          on: [['n', 'n']],
        }
        const joined = pipeline({ ...join, rightPipeline: [{ name: 'domain', domain: 'sales' }] } as never)
        // A workbench without the versions has them loaded like the rows of any source.
        const stored = rows.engine(new Map([['sales', version]]))
        const sales = rows.workbench.hasVersions
          ? undefined
          : await rows.workbench.load(stored.stream(guardedForTest(pipelineOf('sales')), never), limits, never)
        expect(await fetched({ a: table, ...(sales && { sales }) }, sales ? {} : { sales: version }, joined)).toEqual([
          { n: 2, t: 'two' },
          { n: 3, t: null },
        ])
        // A table stands for a domain of the same name.
        expect(await fetched({ a: table }, { a: version })).toEqual([{ n: 2 }, { n: 3 }])
        await sales?.end()
        await table.end()
      })

      it('keeps tables that are loaded at the same time apart', async () => {
        const tables = await Promise.all(
          Array.from({ length: 8 }, (_, index) =>
            load(
              [n],
              Array.from({ length: 1000 }, () => [index]),
            ),
          ),
        )
        const total = { name: 'aggregate', on: ['n'], aggregations: [] } as unknown as Step
        const seen = await Promise.all(tables.map((table) => fetched({ a: table }, {}, pipeline(total))))
        expect(seen).toEqual(tables.map((_, index) => [{ n: index }]))
        await Promise.all(tables.map((table) => table.end()))
      })

      it('does not read tables of another workbench, nor what has ended', async () => {
        const other = await open()
        const foreign = await other.rows.workbench.load(aSource([n], [[1]]).batches, limits, never)
        await expect(fetched({ a: foreign })).rejects.toThrow()
        await other.close()
        const table = await load([n], [[1]])
        await table.end()
        await expect(fetched({ a: table })).rejects.toThrow()
      })
    })

    describe('SQL', () => {
      it('runs over its rows', async () => {
        expect(await sqlRows('SELECT n * 2 AS twice, upper(t) AS u FROM "##PREVIOUS_STEP##" ORDER BY n DESC')).toEqual([
          [4, 'B'],
          [2, 'A'],
        ])
        expect(await sqlRows('SELECT count(*) AS c FROM "##PREVIOUS_STEP##"', aSource([n]).batches)).toEqual([[0]])
      })

      it('gives values of our types, whatever it makes', async () => {
        const query = `SELECT 170141183460469231731687303715884105727 AS huge, 'NaN'::DOUBLE AS nan, [1, 2] AS list, 1.50::DECIMAL(9, 2) AS d,
          DATE '2024-02-29' AS day, TIMESTAMPTZ '2024-02-29 12:00:00+02' AS tz, NULL AS nothing, {'a': 1} AS s FROM "##PREVIOUS_STEP##" LIMIT 1`
        const [[huge, nan, list, d, day, tz, nothing, s] = []] = await sqlRows(query)
        expect([huge, nan, d, nothing]).toEqual([null, null, 1.5, null])
        expect([typeof list, typeof s]).toEqual(['string', 'string'])
        expect([day, tz]).toEqual([new Date('2024-02-29'), new Date('2024-02-29T10:00:00Z')])
      })

      it.each([
        `SELECT * FROM read_csv('/etc/passwd')`,
        `SELECT * FROM read_text('/etc/hostname')`,
        `SELECT * FROM glob('/*')`,
        `COPY (SELECT 1) TO '/tmp/laputa-escaped.csv'`,
        `ATTACH '/tmp/laputa-escaped.duckdb' AS x`,
        `SET enable_external_access = true`,
        `SELECT current_setting('no_such_setting')`,
        `INSTALL httpfs`,
        `CREATE TABLE x AS SELECT 1`,
        `SELECT 1; SELECT 2`,
        `EXPORT DATABASE '/tmp/laputa-escaped'`,
        `SELECT * FROM sales`,
      ])('reaches nothing else: %s', async (query) => {
        const loaded = await load([n], [[42]])
        const problem = await problemOf(sqlRows(query))
        expect(problem.code).toBe('query_failed')
        expect(problem.message).not.toMatch(/root:|laputa-rows/)
        await loaded.end()
      })

      it('sees no rows of others, neither loaded nor stored nor those of a query at the same time', async () => {
        const loaded = await load([n], [[42]])
        const query = `SELECT table_name FROM duckdb_tables() UNION ALL SELECT database_name FROM duckdb_databases() WHERE NOT internal`
        const seen = await Promise.all([sqlRows(query), sqlRows(query), sqlRows(query)])
        for (const found of seen) expect(found.flat().sort()).toEqual(['memory', 'previous_step'])
        await loaded.end()
      })

      it('refuses columns that it cannot tell apart, and more rows than it may take or give; the source ends', async () => {
        const twins = aSource([n, { name: 'N', type: 'integer' }], [[1, 2]])
        expect((await problemOf(sqlRows('SELECT 1 AS a', twins.batches))).code).toBe('query_failed')
        const many = aSource([n], counted(5001))
        expect((await problemOf(sqlRows('SELECT 1 AS a FROM "##PREVIOUS_STEP##"', many.batches))).code).toBe(
          'too_many_rows',
        )
        const nothing = aSource([])
        expect((await problemOf(sqlRows('SELECT 1 AS a', nothing.batches))).code).toBe('query_failed')
        expect([twins.ended, many.ended, nothing.ended]).toEqual([true, true, true])
        expect((await problemOf(sqlRows('SELECT range FROM range(5001)'))).code).toBe('too_many_rows')
        expect((await problemOf(sqlRows('SELECT n, n FROM "##PREVIOUS_STEP##"'))).code).toBe('query_failed')
      })

      it('stops when it is given up', async () => {
        const endless = 'SELECT sum(a.range * b.range) AS s FROM range(10000000) AS a, range(10000000) AS b'
        const started = performance.now()
        const stopped: Problem = await problemOf(sqlRows(endless, undefined, AbortSignal.timeout(200)))
        expect([stopped.code, performance.now() - started < 5000]).toEqual(['query_timeout', true])
        const leave = new AbortController()
        const hung = problemOf(sqlRows('SELECT 1 AS a', hanging(), leave.signal))
        setTimeout(() => leave.abort(), 50)
        expect((await hung).code).toBe('cancelled')
      })
    })
  })
}
