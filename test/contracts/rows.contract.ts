import { setMaxListeners } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isProblem, type Problem } from '../../src/base/index.ts'
import type {
  Batch,
  Column,
  ColumnType,
  Engine,
  Pipeline,
  Slice,
  SliceRequest,
  Step,
  Value,
} from '../../src/pipeline/index.ts'
import type { Rows, VersionInfo } from '../../src/rows/index.ts'
import { guardedForTest } from '../builders/guarded.ts'
import { csvContract } from './rows-csv.contract.ts'

export interface RowsUnderTest {
  readonly rows: Rows
  /** Closes the rows and removes what they kept. */
  close(): Promise<void>
}

const never = new AbortController().signal
// One signal for whatever runs at the same time here; each request has its own.
setMaxListeners(1000, never)
const everything: SliceRequest = { offset: 0, limit: null, maxRows: 1_000_000 }

type Row = readonly Value[]

function column(name: string, type: ColumnType): Column {
  return { name, type }
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error = await work.then(
    () => new Error('nothing was raised'),
    (raised: unknown) => raised,
  )
  if (!isProblem(error)) throw error
  return error
}

/** A row as JSON must say it, whatever the engine. */
function jsonRow(columns: readonly Column[], row: Row): string {
  const members = columns.map(({ name }, at) => `${JSON.stringify(name)}:${jsonValue(row[at] ?? null)}`)
  return `{${members.join(',')}}`
}

function jsonValue(value: Value): string {
  if (typeof value === 'bigint') return `"${value}"`
  return JSON.stringify(value instanceof Date ? value.toISOString() : value)
}

/** How many rows the large tables of the suite have: a stand-in for a server gets smaller ones. */
interface RowsSizes {
  readonly ordered: number
  readonly paged: number
  readonly streamed: number
  /** Each of these meets all of them. */
  readonly joined: number
  /** Read again and again while others are written. */
  readonly raced: number
  /** Of a CSV file, whose last row decides. */
  readonly typed: number
}

const fullSizes: RowsSizes = {
  ...{ ordered: 20_000, paged: 60_000, streamed: 200_000 },
  ...{ joined: 60_000, raced: 3000, typed: 30_000 },
}

/** What every rows adapter must do. `open` gives an empty one. */
export function rowsContract(name: string, open: () => Promise<RowsUnderTest>, sizes = fullSizes): void {
  describe(`${name}: rows contract`, () => {
    let opened: RowsUnderTest
    let rows: Rows
    let folder: string

    beforeAll(async () => {
      opened = await open()
      rows = opened.rows
      folder = await mkdtemp(join(tmpdir(), 'laputa-csv-'))
    })
    afterAll(async () => {
      await opened.close()
      await rm(folder, { recursive: true, force: true })
    })

    const write = (columns: readonly Column[], ...batches: (readonly Row[])[]) =>
      rows.write(
        { app: 'shop', domain: 'sales', columns, batches: batches.map((some) => ({ columns, rows: some })) },
        never,
      )

    async function ingest(content: string | Uint8Array): Promise<VersionInfo> {
      const path = join(folder, 'upload.csv')
      await writeFile(path, content)
      return rows.ingest({ app: 'shop', domain: 'sales', file: { path, format: 'csv' } }, never)
    }

    const engineOf = (info: VersionInfo): Engine => rows.engine(new Map([['sales', info.version]]))
    const query = (...steps: Step[]) => guardedForTest([{ name: 'domain', domain: 'sales' }, ...steps] as Pipeline)

    const fetch = (info: VersionInfo, steps: Step[] = [], slice: Partial<SliceRequest> = {}): Promise<Slice> =>
      engineOf(info).fetch(query(...steps), { ...everything, ...slice }, never)

    async function fetched(info: VersionInfo, steps: Step[] = [], slice: Partial<SliceRequest> = {}) {
      return JSON.parse((await fetch(info, steps, slice)).rows.toString()) as Record<string, unknown>[]
    }

    async function streamed(info: VersionInfo, steps: Step[] = []): Promise<Row[]> {
      const all: Row[] = []
      for await (const batch of engineOf(info).stream(query(...steps), never)) all.push(...batch.rows)
      return all
    }

    const numbers = (count: number): Row[] => Array.from({ length: count }, (_, n) => [n])
    const sortBy = (of: string, order: 'asc' | 'desc' = 'asc'): Step => ({
      name: 'sort',
      columns: [{ column: of, order }],
    })

    describe('a version', () => {
      it('is described as it was written', async () => {
        const before = Date.now()
        const columns = [column('n', 'integer'), column('t', 'text')]
        const info = await write(columns, [[1, 'a']], [], [[2, 'b']])
        expect(info).toMatchObject({ app: 'shop', domain: 'sales', columns, count: 2 })
        expect(info.bytes).toBeGreaterThan(0)
        expect(info.createdAt).toBeGreaterThanOrEqual(before)
        expect(info.createdAt).toBeLessThanOrEqual(Date.now())
        expect(await rows.describe(info.version)).toEqual(info)
      })

      it('is null when there is none, whatever is asked for', async () => {
        const names = ['', 'none', '../rows', '/etc/passwd', "x' AS y; --", '\u0000', 'x'.repeat(5000), '0'.repeat(23)]
        for (const version of names) expect(await rows.describe(version)).toBeNull()
      })

      it('stays as it is when another one of its domain is written', async () => {
        const first = await write([column('n', 'integer')], [[1]])
        const second = await write([column('n', 'text')], [['two']])
        expect(second.version).not.toBe(first.version)
        expect(await fetched(first)).toEqual([{ n: 1 }])
        expect(await fetched(second)).toEqual([{ n: 'two' }])
      })

      it('can be empty', async () => {
        const info = await write([column('n', 'integer'), column('t', 'text')])
        const slice = await fetch(info)
        expect(slice.rows.toString()).toBe('[]')
        expect(slice).toMatchObject({ count: 0, page: { total: 0, truncated: false } })
        expect(slice.columns).toEqual(info.columns)
        expect(await streamed(info)).toEqual([])
      })

      it('keeps its rows in the order in which they came', async () => {
        const values = Array.from(
          { length: sizes.ordered },
          (_, n): Row => [(n * 7919) % 20_011, n % 3 === 0 ? null : `t${n % 5}`],
        )
        const info = await write([column('n', 'integer'), column('t', 'text')], values.slice(0, 7), values.slice(7))
        expect(await streamed(info)).toEqual(values)
        expect((await fetched(info)).map((row) => [row.n, row.t])).toEqual(values)
      })
    })

    describe('values', () => {
      const samples: Readonly<Record<ColumnType, readonly Value[]>> = {
        integer: [0, -1, 42, 2 ** 53 - 1, -(2 ** 53 - 1), 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n), null],
        number: [0, 1, -1.5, 0.1, 1 / 3, 1e15, 123456789012345680000, 1e21, -1.5e300, 1e-7, 5e-324, 4.35, null],
        text: [
          '',
          ' ',
          'a',
          'null',
          'NULL',
          'ünï',
          '😀',
          '"quoted"',
          "it's",
          'back\\slash',
          '/',
          '\b\f\n\r\t',
          '\u0000',
          '\u0001',
          '\u007f\u2028\u2029\ufeff',
          '{"json": [1]}',
          '[1,2]',
          '123',
          'true',
          '2024-01-01',
          '<script>',
          '</script>',
          '%s$1?',
          "'; DROP TABLE data; --",
          'e\u0301 \u202e rtl',
          'x'.repeat(3_000_000),
          null,
        ],
        boolean: [true, false, null],
        date: [
          new Date(0),
          new Date('2024-02-29T23:59:59.999Z'),
          new Date('1969-12-31T23:59:59.001Z'),
          new Date('0999-01-01T00:00:00Z'),
          new Date('0000-01-01T00:00:00Z'),
          new Date('9999-12-31T23:59:59.999Z'),
          new Date('+012345-06-07T08:09:10.011Z'),
          new Date('-000044-03-15T00:00:00Z'),
          new Date(-8.64e15),
          new Date(8.64e15),
          null,
        ],
      }

      for (const [type, values] of Object.entries(samples) as [ColumnType, Value[]][]) {
        it(`of type ${type} come back as they are, streamed and as JSON`, async () => {
          const columns = [column('v', type)]
          const info = await write(
            columns,
            values.map((value) => [value]),
          )
          expect(await streamed(info)).toEqual(values.map((value) => [value]))
          const json = (await fetch(info)).rows.toString()
          expect(JSON.parse(json)).toEqual(values.map((value) => JSON.parse(jsonRow(columns, [value]))))
          if (type !== 'text') expect(json).toBe(`[${values.map((value) => jsonRow(columns, [value])).join(',')}]`)
        })
      }

      it('that JSON cannot say become null', async () => {
        const info = await write(
          [column('x', 'number'), column('d', 'date')],
          [
            [Number.NaN, new Date(Number.NaN)],
            [Number.POSITIVE_INFINITY, null],
            [-0, null],
          ],
        )
        expect((await fetch(info)).rows.toString()).toBe('[{"x":null,"d":null},{"x":null,"d":null},{"x":0,"d":null}]')
        expect((await streamed(info)).map(([x]) => x)).toEqual([null, null, -0])
      })

      it('that are not Unicode get replacement characters', async () => {
        const info = await write([column('t', 'text')], [['a\ud800b']])
        expect(await fetched(info)).toEqual([{ t: 'a\ufffdb' }])
      })

      it('are numbers in a column of numbers also when they come as bigint', async () => {
        const info = await write([column('x', 'number')], [[3n], [2n ** 60n]])
        expect((await fetch(info)).rows.toString()).toBe(`[{"x":3},{"x":${2 ** 60}}]`)
      })

      it('of the wrong type are refused, and the version does not appear', async () => {
        const wrong: [ColumnType, Value][] = [
          ['integer', 1.5],
          ['integer', 2n ** 63n],
          ['integer', 1e300],
          ['integer', '1'],
          ['number', '1'],
          ['text', 1],
          ['boolean', 1],
          ['boolean', 'true'],
          ['date', 0],
          ['date', '2024-01-01'],
        ]
        for (const [type, value] of wrong) {
          const problem = await problemOf(write([column('v', type)], [[value]]))
          expect(problem.code).toBe('storage_failed')
          expect(problem.message).toContain('"v"')
        }
      })

      it('of any kind and in any number survive', async () => {
        const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constantFrom('a', 'b', 'c'))
        const table = fc.array(
          fc.tuple(
            fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
            fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
            fc.option(text),
            fc.option(fc.boolean()),
            fc.option(fc.date({ noInvalidDate: true })),
          ),
          { maxLength: 60 },
        )
        const columns = [
          column('i', 'integer'),
          column('x', 'number'),
          column('t', 'text'),
          column('b', 'boolean'),
          column('d', 'date'),
        ]
        await fc.assert(
          fc.asyncProperty(table, async (generated) => {
            const safe = (n: bigint | null) =>
              n !== null && BigInt(Number(n)) === n && Number.isSafeInteger(Number(n)) ? Number(n) : n
            const values = generated.map(([i, ...rest]): Row => [safe(i), ...rest])
            const info = await write(columns, values)
            expect(await streamed(info)).toEqual(values)
            const expected = values.map((row) => JSON.parse(jsonRow(columns, row)))
            expect(await fetched(info)).toEqual(expected)
          }),
          { numRuns: 15 },
        )
      })
    })

    describe('columns', () => {
      const hostile = [
        'a',
        'A',
        'select',
        'c0',
        'o0',
        'n',
        'row',
        'rowid',
        'data',
        '"',
        "'",
        '`',
        '""',
        '; DROP TABLE data',
        '$1',
        '?',
        '.',
        'a.b',
        ' a',
        'a ',
        ' ',
        '\t',
        '\n',
        '\\',
        '\u0000',
        '😀',
        'ünï',
        'u\u0308ni',
        '__proto__',
        'constructor',
        '{{ x }}',
        '%',
        '*',
        '\u202e',
        'x'.repeat(1000),
        '1',
        '-1',
        'null',
        'true',
        '/*',
        '--',
        '<b>',
        '[0]',
        '$where',
        '\ufeff',
      ]

      it('can have any names, which stay as they are and in their order', async () => {
        const columns = hostile.map((each) => column(each, 'integer'))
        const info = await write(columns, [hostile.map((_, n) => n)])
        expect((await rows.describe(info.version))?.columns).toEqual(columns)
        const slice = await fetch(info)
        expect(slice.columns).toEqual(columns)
        expect(slice.rows.toString()).toBe(
          `[${jsonRow(
            columns,
            hostile.map((_, n) => n),
          )}]`,
        )
      })

      it('are told apart by their case', async () => {
        const info = await write(
          [column('a', 'integer'), column('A', 'integer')],
          [
            [1, 2],
            [3, 1],
          ],
        )
        const filter: Step = { name: 'filter', condition: { column: 'A', operator: 'eq', value: 1 } }
        expect(await fetched(info, [filter])).toEqual([{ a: 3, A: 1 }])
      })

      it('can be many', async () => {
        const columns = Array.from({ length: 1200 }, (_, n) => column(`column ${n}`, n % 2 === 0 ? 'integer' : 'text'))
        const row = columns.map(({ type }, n) => (type === 'integer' ? n : `t${n}`))
        const info = await write(columns, [row, row, row])
        expect(await fetched(info)).toEqual(Array(3).fill(JSON.parse(jsonRow(columns, row))))
      })

      it('that are none, unnamed, repeated or not those of the batches are refused', async () => {
        const batch = { columns: [column('b', 'integer')], rows: [[1]] }
        const wrong: Column[][] = [[], [column('', 'integer')], [column('a', 'integer'), column('a', 'text')]]
        for (const columns of wrong) expect((await problemOf(write(columns, []))).code).toBe('storage_failed')
        const request = { app: 'shop', domain: 'sales', columns: [column('a', 'integer')], batches: [batch] }
        expect((await problemOf(rows.write(request, never))).code).toBe('storage_failed')
      })
    })

    describe('queries', () => {
      const columns = [column('n', 'integer'), column('t', 'text'), column('x', 'number')]
      const values: Row[] = [
        [1, 'b', 0.5],
        [2, null, null],
        [3, 'a', 2.5],
        [4, 'b', 1],
        [null, 'B', -1],
        [6, 'a', 10],
        [7, 'é', 3],
      ]
      let info: VersionInfo
      beforeAll(async () => {
        info = await write(columns, values)
      })

      it('filter and sort, nulls last, texts by their code points', async () => {
        const texts = async (order: 'asc' | 'desc') => (await fetched(info, [sortBy('t', order)])).map((row) => row.t)
        expect(await texts('asc')).toEqual(['B', 'a', 'a', 'b', 'b', 'é', null])
        expect(await texts('desc')).toEqual(['é', 'b', 'b', 'a', 'a', 'B', null])
        const filter: Step = { name: 'filter', condition: { column: 't', operator: 'eq', value: 'a' } }
        expect(await fetched(info, [filter, sortBy('n', 'desc')])).toEqual([
          { n: 6, t: 'a', x: 10 },
          { n: 3, t: 'a', x: 2.5 },
        ])
      })

      it('compare texts that occur often like those that do not', async () => {
        const often = Array.from({ length: 5000 }, (_, n): Row => [n, `group ${n % 7}`, n])
        const many = await write(columns, often)
        const count = async (condition: Extract<Step, { name: 'filter' }>['condition']) =>
          (await fetch(many, [{ name: 'filter', condition }])).count
        expect(await count({ column: 't', operator: 'eq', value: 'group 3' })).toBe(
          often.filter(([, t]) => t === 'group 3').length,
        )
        expect(await count({ column: 't', operator: 'eq', value: 'group 9' })).toBe(0)
        expect(await count({ column: 't', operator: 'ne', value: 'group 9' })).toBe(5000)
        expect(await count({ column: 't', operator: 'lt', value: 'group 20' })).toBe(
          often.filter(([, t]) => String(t) < 'group 20').length,
        )
        expect(await count({ column: 't', operator: 'in', value: ['group 1', 'nothing', null] })).toBe(
          often.filter(([, t]) => t === 'group 1').length,
        )
        expect(await count({ column: 't', operator: 'matches', value: '[56]$' })).toBe(
          often.filter(([, t]) => /[56]$/.test(String(t))).length,
        )
      })

      it('see what the rule of the domain lets through, and nothing else', async () => {
        const rules = new Map([['sales', { column: 't', operator: 'eq', value: 'b' } as const]])
        const guarded = guardedForTest([{ name: 'domain', domain: 'sales' }], rules)
        const slice = await engineOf(info).fetch(guarded, { ...everything, limit: 1 }, never)
        expect(JSON.parse(slice.rows.toString())).toEqual([{ n: 1, t: 'b', x: 0.5 }])
        expect(slice.page.total).toBe(2)
        const all: Row[] = []
        for await (const batch of engineOf(info).stream(guarded, never)) all.push(...batch.rows)
        expect(all.map(([n]) => n)).toEqual([1, 4])
      })

      it('join domains of different versions', async () => {
        const names = await rows.write(
          {
            app: 'shop',
            domain: 'names',
            columns: [column('t', 'text'), column('name', 'text')],
            batches: [
              {
                columns: [column('t', 'text'), column('name', 'text')],
                rows: [
                  ['a', 'Anna'],
                  ['b', 'Bob'],
                ],
              },
            ],
          },
          never,
        )
        const engine = rows.engine(
          new Map([
            ['sales', info.version],
            ['names', names.version],
          ]),
        )
        const join: Step = {
          name: 'join',
          rightPipeline: [{ name: 'domain', domain: 'names' }],
          type: 'inner',
          on: [['t', 't']],
        }
        const slice = await engine.fetch(query(join, sortBy('n')), everything, never)
        const found = JSON.parse(slice.rows.toString()) as { n: number; name: string }[]
        expect(found.map(({ n, name: each }) => [n, each])).toEqual([
          [1, 'Bob'],
          [3, 'Anna'],
          [4, 'Bob'],
          [6, 'Anna'],
        ])
      })

      it('tell the column that is missing', async () => {
        const filter: Step = { name: 'filter', condition: { column: 'N', operator: 'eq', value: 1 } }
        const problem = await problemOf(fetch(info, [filter]))
        expect(problem.code).toBe('pipeline_invalid')
        expect(problem.errors[0]).toMatchObject({ column: 'N', nearest: expect.arrayContaining(['n']) })
      })

      it('of a version that is not there name the domain', async () => {
        const engine = rows.engine(new Map([['sales', '0'.repeat(23)]]))
        for (const each of [engine, rows.engine(new Map())]) {
          const problem = await problemOf(each.fetch(query(), everything, never))
          expect(problem.code).toBe('storage_failed')
          expect(problem.message).toContain('"sales"')
          expect((await problemOf(each.stream(query(), never)[Symbol.asyncIterator]().next())).code).toBe(
            'storage_failed',
          )
        }
      })

      it('tell how long they took', async () => {
        const { stats } = await fetch(info)
        expect(stats.compile).toBeGreaterThanOrEqual(0)
        expect(stats.execute).toBeGreaterThan(0)
      })
    })

    describe('a page', () => {
      let info: VersionInfo
      beforeAll(async () => {
        info = await write([column('n', 'integer')], numbers(10))
      })
      const page = async (slice: Partial<SliceRequest>) => {
        const got = await fetch(info, [], slice)
        return {
          values: (JSON.parse(got.rows.toString()) as { n: number }[]).map(({ n }) => n),
          count: got.count,
          ...got.page,
        }
      }

      it('has the rows from its offset up to its limit, and all are counted', async () => {
        expect(await page({ offset: 0, limit: 3 })).toEqual({
          values: [0, 1, 2],
          count: 3,
          offset: 0,
          limit: 3,
          total: 10,
          truncated: false,
        })
        expect(await page({ offset: 8, limit: 3 })).toMatchObject({
          values: [8, 9],
          count: 2,
          total: 10,
          truncated: false,
        })
        expect(await page({ offset: 7, limit: 3 })).toMatchObject({ values: [7, 8, 9], total: 10, truncated: false })
        expect(await page({ offset: 0, limit: 10 })).toMatchObject({ count: 10, total: 10, truncated: false })
        expect(await page({ offset: 4, limit: null })).toMatchObject({
          values: [4, 5, 6, 7, 8, 9],
          total: 10,
          limit: null,
        })
      })

      it('is empty beyond the end, and of no rows', async () => {
        expect(await page({ offset: 10, limit: 3 })).toMatchObject({
          values: [],
          count: 0,
          total: 10,
          truncated: false,
        })
        expect(await page({ offset: 1e9, limit: null })).toMatchObject({ values: [], total: 10, truncated: false })
        expect(await page({ offset: 0, limit: 0 })).toMatchObject({ values: [], total: 10, truncated: false })
      })

      it('never has more rows than the bound, and says when that cut it', async () => {
        expect(await page({ limit: null, maxRows: 4 })).toMatchObject({
          values: [0, 1, 2, 3],
          total: 10,
          truncated: true,
        })
        expect(await page({ limit: 8, maxRows: 4 })).toMatchObject({ count: 4, total: 10, truncated: true })
        expect(await page({ limit: 4, maxRows: 4 })).toMatchObject({ count: 4, total: 10, truncated: false })
        expect(await page({ limit: null, maxRows: 10 })).toMatchObject({ count: 10, total: 10, truncated: false })
        expect(await page({ offset: 9, limit: 8, maxRows: 4 })).toMatchObject({
          values: [9],
          total: 10,
          truncated: false,
        })
      })

      it('of many rows keeps their order', async () => {
        const [all, shown, before] = [sizes.paged, (sizes.paged / 6) * 5, sizes.paged / 12]
        const many = await write(
          [column('n', 'integer'), column('k', 'integer')],
          Array.from({ length: all }, (_, n) => [n, (n * 7919) % all]),
        )
        const slice = await fetch(many, [sortBy('k')], { offset: before, limit: shown })
        const keys = (JSON.parse(slice.rows.toString()) as { k: number }[]).map(({ k }) => k)
        expect(keys).toEqual(Array.from({ length: shown }, (_, k) => k + before))
        expect(slice).toMatchObject({ count: shown, page: { total: all, truncated: false } })
      })
    })

    describe('giving up', () => {
      const timeout = () => AbortSignal.timeout(30)
      const cancel = () => {
        const controller = new AbortController()
        setTimeout(() => controller.abort(), 30)
        return controller.signal
      }
      /** Enough work for tens of seconds: every row of one side meets every row of the other. */
      const endless: Step = {
        name: 'join',
        rightPipeline: [{ name: 'domain', domain: 'sales' }],
        type: 'inner',
        on: [['k', 'k']],
      }
      const heavy = [endless, sortBy('n', 'desc')]
      let info: VersionInfo
      beforeAll(async () => {
        info = await write(
          [column('n', 'integer'), column('k', 'integer')],
          Array.from({ length: sizes.joined }, (_, n) => [n, 1]),
        )
      })

      it('stops a query at once: `cancelled`, or `query_timeout` when time was up', async () => {
        for (const [signalOf, code] of [
          [cancel, 'cancelled'],
          [timeout, 'query_timeout'],
        ] as const) {
          const started = performance.now()
          const problem = await problemOf(
            engineOf(info).fetch(query(...heavy), { ...everything, limit: 5 }, signalOf()),
          )
          expect(problem.code).toBe(code)
          expect(performance.now() - started).toBeLessThan(3000)
        }
        expect((await fetch(info, [], { limit: 1 })).count).toBe(1)
      }, 60_000)

      it('stops a stream', async () => {
        const stream = engineOf(info).stream(query(...heavy), cancel())
        expect((await problemOf(stream[Symbol.asyncIterator]().next())).code).toBe('cancelled')
      })

      it('refuses what was given up before it began', async () => {
        const gone = AbortSignal.abort()
        expect((await problemOf(engineOf(info).fetch(query(), everything, gone))).code).toBe('cancelled')
        expect((await problemOf(engineOf(info).stream(query(), gone)[Symbol.asyncIterator]().next())).code).toBe(
          'cancelled',
        )
        const request = { app: 'shop', domain: 'sales', columns: [column('n', 'integer')], batches: [] }
        expect((await problemOf(rows.write(request, gone))).code).toBe('cancelled')
      })

      it('stops a write, whose source is told to end', async () => {
        const columns = [column('n', 'integer')]
        const controller = new AbortController()
        let ended = false
        async function* endless(): AsyncGenerator<Batch> {
          try {
            for (let n = 0; ; n++) {
              if (n === 3) controller.abort()
              yield { columns, rows: numbers(1000) }
            }
          } finally {
            ended = true
          }
        }
        const request = { app: 'shop', domain: 'sales', columns, batches: endless() }
        expect((await problemOf(rows.write(request, controller.signal))).code).toBe('cancelled')
        expect(ended).toBe(true)
      })

      it('stops a write whose source hangs', async () => {
        const columns = [column('n', 'integer')]
        async function* hanging(): AsyncGenerator<Batch> {
          yield { columns, rows: [[1]] }
          await new Promise(() => {})
        }
        const request = { app: 'shop', domain: 'sales', columns, batches: hanging() }
        expect((await problemOf(rows.write(request, AbortSignal.timeout(200)))).code).toBe('query_timeout')
      })

      it('lets a reader of a stream leave early', async () => {
        for await (const batch of engineOf(info).stream(query(), never)) {
          expect(batch.rows.length).toBeGreaterThan(0)
          break
        }
        expect((await fetch(info, [], { limit: 1 })).count).toBe(1)
      })
    })

    describe('a write that fails', () => {
      it('raises the error of its source', async () => {
        const columns = [column('n', 'integer')]
        async function* failing(): AsyncGenerator<Batch> {
          yield { columns, rows: [[1]] }
          throw new RangeError('the source broke')
        }
        const error = await rows
          .write({ app: 'shop', domain: 'sales', columns, batches: failing() }, never)
          .catch((raised: unknown) => raised)
        expect(isProblem(error, 'storage_failed')).toBe(true)
        expect((error as Problem).cause).toBeInstanceOf(RangeError)
      })
    })

    describe('retain', () => {
      it('drops what nobody keeps and is old enough', async () => {
        const kept = await write([column('n', 'integer')], [[1]])
        const dropped = await write([column('n', 'integer')], [[2]])
        expect(await fetched(dropped)).toEqual([{ n: 2 }])
        await sleep(5)
        expect(await rows.retain(new Set([kept.version]), 3_600_000)).toBe(0)
        expect(await fetched(dropped)).toEqual([{ n: 2 }])
        expect(await rows.retain(new Set([kept.version]), 0)).toBeGreaterThanOrEqual(1)
        expect(await rows.retain(new Set([kept.version]), 0)).toBe(0)
        expect(await rows.describe(dropped.version)).toBeNull()
        expect((await problemOf(fetch(dropped))).code).toBe('storage_failed')
        expect(await fetched(kept)).toEqual([{ n: 1 }])
        expect(await rows.describe(kept.version)).toEqual(kept)
      })

      it('lets readers finish', async () => {
        const info = await write([column('n', 'integer')], numbers(sizes.streamed))
        let seen = 0
        for await (const batch of engineOf(info).stream(query(), never)) {
          if (seen === 0) {
            await sleep(5)
            await rows.retain(new Set(), 0)
          }
          seen += batch.rows.length
        }
        expect(seen).toBe(sizes.streamed)
        expect(await rows.describe(info.version)).toBeNull()
      })
    })

    it('readers, writers and retain do not disturb one another', async () => {
      const columns = [column('n', 'integer'), column('version', 'integer')]
      const size = sizes.raced
      const writeOne = (version: number) =>
        write(
          columns,
          Array.from({ length: size }, (_, n) => [n, version]),
        )
      let current = await writeOne(0)
      let writing = true
      const writer = async () => {
        for (let version = 1; version <= 8; version++) {
          current = await writeOne(version)
          await rows.retain(new Set([current.version]), 200)
        }
        writing = false
      }
      let reads = 0
      const reader = async () => {
        while (writing) {
          const slice = await fetch(current, [], { limit: size + 10 })
          const versions = new Set(
            (JSON.parse(slice.rows.toString()) as { version: number }[]).map(({ version }) => version),
          )
          expect([slice.count, slice.page.total, versions.size]).toEqual([size, size, 1])
          reads++
        }
      }
      await Promise.all([writer(), reader(), reader(), reader(), reader(), reader()])
      expect(reads).toBeGreaterThan(8)
    }, 60_000)

    it('cannot be used after it was closed', async () => {
      const other = await open()
      const info = await other.rows.write(
        { app: 'a', domain: 'sales', columns: [column('n', 'integer')], batches: [] },
        never,
      )
      const engine = other.rows.engine(new Map([['sales', info.version]]))
      const stream = engine.stream(query(), never)[Symbol.asyncIterator]()
      await other.close()
      await other.rows.close()
      expect((await problemOf(engine.fetch(query(), everything, never))).code).toBe('storage_failed')
      expect((await problemOf(stream.next())).code).toBe('storage_failed')
      const request = { app: 'a', domain: 'b', columns: [column('n', 'integer')], batches: [] }
      expect((await problemOf(other.rows.write(request, never))).code).toBe('storage_failed')
      async function* source(): AsyncGenerator<Batch> {
        yield { columns: [column('n', 'integer')], rows: [[1]] }
      }
      const loading = other.rows.workbench.load(source(), { maxRows: 1 }, never)
      expect((await problemOf(loading)).code).toBe('storage_failed')
    })

    csvContract(() => ({ ingest, fetched, fetch, rows }), sizes.typed)
  })
}
