import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { silentLog, systemClock } from '../../base/index.ts'
import { type Column, parsePipeline, renderPipeline, type Value } from '../../pipeline/index.ts'
import type { Rows } from '../port.ts'
import { openDuckdbRows } from './open-duckdb-rows.ts'

const never = new AbortController().signal
const columns: readonly Column[] = [
  { name: 'kept', type: 'text' },
  { name: 'n', type: 'integer' },
]
const texts = ['b', 'a', null, '', 'A', "o'x", 'É', '😀', '�', '12', null]
const rows = [...texts, ...texts].map((text, n): Value[] => [text, n])

describe('texts that a file keeps as positions in a list', () => {
  let home: string
  let opened: Rows
  let version: string

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'laputa-lists-'))
    opened = await openDuckdbRows(
      { kind: 'duckdb', home, memoryLimitBytes: 128 * 1024 ** 2, threads: 2, maxColumns: 10 },
      { clock: systemClock, log: silentLog },
    )
    const made = await opened.write({ app: 'a', domain: 'd', columns, batches: [{ columns, rows }] }, never)
    version = made.version
  })
  afterAll(async () => {
    await opened.close()
    await rm(home, { recursive: true, force: true })
  })

  async function found(...steps: readonly object[]): Promise<unknown[]> {
    const pipeline = renderPipeline(parsePipeline([{ name: 'domain', domain: 'd' }, ...steps], {}), {}, new Date(0))
    const slice = { offset: 0, limit: null, maxRows: 1000 }
    const answer = await opened.engine(new Map([['d', version]])).fetch(guardedForTest(pipeline), slice, never)
    return JSON.parse(String(answer.rows)).map(({ n }: { n: number }) => n)
  }

  it('are kept so in this file', async () => {
    const instance = await DuckDBInstance.create(join(home, 'rows', `${version}.duckdb`), { access_mode: 'READ_ONLY' })
    const connection = await instance.connect()
    const [[type] = []] = await (await connection.run('SELECT typeof(c0) FROM data LIMIT 1')).getRows()
    expect(String(type)).toMatch(/^ENUM/)
    connection.closeSync()
    instance.closeSync()
  })

  const asked = [...texts, 'z', 'B', '\ud800', 'a\0', 12]
  const wanted = (holds: (text: Value | undefined) => boolean) => rows.filter(([text]) => holds(text)).map(([, n]) => n)
  const spelt = (value: Value) => (typeof value === 'string' ? value.toWellFormed() : value)

  it.each(asked)('are found by %j', async (value) => {
    const equal = (text: Value | undefined) => text === spelt(value)
    const filter = (operator: string, operand: unknown) => ({
      name: 'filter',
      condition: { column: 'kept', operator, value: operand },
    })
    expect(await found(filter('eq', value))).toEqual(wanted(equal))
    expect(await found(filter('ne', value))).toEqual(wanted((text) => !equal(text)))
    expect(await found(filter('in', [value, 'b']))).toEqual(wanted((text) => equal(text) || text === 'b'))
    expect(await found(filter('nin', [value, 'b']))).toEqual(wanted((text) => !equal(text) && text !== 'b'))
  })

  it('are found after other steps as well', async () => {
    const isA = (column: string) => ({ name: 'filter', condition: { column, operator: 'eq', value: 'a' } })
    const own = [{ name: 'domain', domain: 'd' }]
    expect(await found({ name: 'rename', to_rename: [['kept', 'k']] }, isA('k'))).toEqual([1, 12])
    expect(await found({ name: 'lowercase', column: 'kept' }, isA('kept'))).toEqual([1, 4, 12, 15])
    expect(await found({ name: 'fillna', columns: ['kept'], value: 'a' }, isA('kept'))).toEqual([1, 2, 10, 12, 13, 21])
    expect(await found({ name: 'append', pipelines: [own] }, isA('kept'))).toEqual([1, 12, 1, 12])
    expect(
      await found({ name: 'join', right_pipeline: own, type: 'full outer', on: [['n', 'n']] }, isA('kept')),
    ).toEqual([1, 12])
    expect(
      await found(
        { name: 'aggregate', on: ['kept'], aggregations: [{ columns: ['n'], newcolumns: ['n'], aggfunction: 'sum' }] },
        isA('kept'),
      ),
    ).toEqual([13])
  })
})
