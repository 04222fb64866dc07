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

export interface RowsUnderTest {
  readonly rows: Rows
  /** Closes the rows and removes what they kept. */
  close(): Promise<void>
}

const never = new AbortController().signal
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

/** What every rows adapter must do. `open` gives an empty one. */
export function rowsContract(name: string, open: () => Promise<RowsUnderTest>): void {
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
          { length: 20_000 },
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
  })
}
