import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Double, Long } from 'mongodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { isStandIn, type MongoPlace, mongoPlace, mongoUrl } from '../../../test/builders/mongo-rows.ts'
import { problemOf } from '../../../test/builders/problem-of.ts'
import { type RowsUnderTest, rowsContract } from '../../../test/contracts/rows.contract.ts'
import { workbenchContract } from '../../../test/contracts/workbench.contract.ts'
import type { Batch, Column, Step, Value } from '../../pipeline/index.ts'
import type { Rows } from '../index.ts'

const never = new AbortController().signal
const n: Column = { name: 'n', type: 'integer' }
const t: Column = { name: 't', type: 'text' }
const minute = 60_000

async function open(): Promise<RowsUnderTest> {
  const place = await mongoPlace()
  const rows = await place.open()
  return {
    rows,
    close: async () => {
      await rows.close()
      expect(await readdir(join(place.home, 'tmp'))).toEqual([])
      await place.remove()
    },
  }
}

describe.skipIf(!mongoUrl)('on MongoDB', () => {
  // The stand-in reads whole collections for each query, and joins row by row.
  const small = { ordered: 3000, paged: 6000, streamed: 20_000, joined: 100, raced: 100, typed: 5000 }
  if (isStandIn) rowsContract('mongo', open, small)
  else rowsContract('mongo', open)
  workbenchContract('mongo', open)

  describe('rows in MongoDB', () => {
    let place: MongoPlace
    let rows: Rows
    const opened: Rows[] = []

    beforeEach(async () => {
      place = await mongoPlace()
      rows = await place.open()
    })
    afterEach(async () => {
      for (const each of [rows, ...opened.splice(0)]) await each.close()
      await place.remove()
    })

    /** The same rows as another process sees them, whose clock is ahead. */
    async function later(ms: number): Promise<Rows> {
      const other = await place.open({ clock: { now: () => Date.now() + ms } })
      opened.push(other)
      return other
    }
    const write = (columns: Column[], values: Value[][], indexes: string[][] = []) =>
      rows.write({ app: 'a', domain: 'd', columns, batches: [{ columns, rows: values }], indexes }, never)
    const collections = async () => (await place.db.listCollections().toArray()).map(({ name }) => name).sort()
    async function fetched(of: Rows, version: string, ...steps: Step[]): Promise<unknown> {
      const query = guardedForTest([{ name: 'domain', domain: 'd' }, ...steps])
      const page = { offset: 0, limit: null, maxRows: 1_000_000 }
      return JSON.parse((await of.engine(new Map([['d', version]])).fetch(query, page, never)).rows.toString())
    }

    it('are one collection a version, whose fields have no name of anybody', async () => {
      const columns: Column[] = [
        { name: '$where', type: 'integer' },
        { name: 'a.b', type: 'number' },
        { name: '_id', type: 'text' },
      ]
      const { version } = await write(columns, [
        [1, 2, 'x'],
        [null, null, null],
      ])
      expect(await collections()).toEqual(['row_versions', `rows_${version}`])
      const found = place.db.collection(`rows_${version}`).find({}, { promoteValues: false, sort: { _id: 1 } })
      const [first, second] = await found.toArray()
      expect(first).toMatchObject({ c0: Long.fromNumber(1), c1: new Double(2), c2: 'x' })
      expect(Object.keys(second ?? {})).toEqual(['_id'])
      expect(await fetched(rows, version)).toEqual([
        { $where: 1, 'a.b': 2, _id: 'x' },
        { $where: null, 'a.b': null, _id: null },
      ])
    })

    it('have the indexes that were asked for, of columns that are there', async () => {
      const indexes = [['n'], ['t', 'n'], ['n'], ['missing'], ['n', 'missing'], []]
      const { version } = await write([n, t], [[1, 'x']], indexes)
      const keys = (await place.db.collection(`rows_${version}`).indexes()).map(({ key }) => Object.keys(key))
      expect(keys).toEqual([['_id'], ['c0'], ['c1', 'c0']])
      await writeFile(join(place.home, 'upload.csv'), 'a,b\n1,x\n')
      const file = { path: join(place.home, 'upload.csv'), format: 'csv' } as const
      const uploaded = await rows.ingest({ app: 'a', domain: 'd', file, indexes: [['b']] }, never)
      const names = await place.db.collection(`rows_${uploaded.version}`).indexes()
      expect(names.map(({ key }) => Object.keys(key))).toEqual([['_id'], ['c1']])
    })

    it('are seen by other processes, and no longer once they are dropped', async () => {
      const other = await later(0)
      const info = await write([n], [[1], [2]])
      expect(await other.describe(info.version)).toEqual(info)
      expect(await fetched(other, info.version)).toEqual([{ n: 1 }, { n: 2 }])
      await sleep(5)
      expect(await rows.retain(new Set(), 0)).toBe(1)
      expect(await rows.describe(info.version)).toBeNull()
      // It remembers the version, and whoever reads it still finds its rows: not an empty collection.
      expect(await fetched(other, info.version)).toEqual([{ n: 1 }, { n: 2 }])
      const muchLater = await later(16 * minute)
      expect(await collections()).toContain(`rows_${info.version}`)
      await muchLater.retain(new Set(), 0)
      expect(await muchLater.describe(info.version)).toBeNull()
      expect(await collections()).toEqual(['row_versions'])
      expect(await place.db.collection('row_versions').countDocuments()).toBe(0)
    })

    it('of a write that failed leave nothing', async () => {
      await problemOf(write([n], [[1], ['x']]))
      const wide = 'x'.repeat(9 * 2 ** 20)
      const columns = [t, { ...t, name: 'u' }]
      const tooLarge = await problemOf(
        write(columns, [
          ['small', 'small'],
          [wide, wide],
        ]),
      )
      expect([tooLarge.code, tooLarge.message]).toEqual(['storage_failed', expect.stringContaining('Row 2')])
      const path = join(place.home, 'bad.csv')
      await writeFile(path, 'a,b\n1\n')
      await problemOf(rows.ingest({ app: 'a', domain: 'd', file: { path, format: 'csv' } }, never))
      const lost = { path: '/nowhere', format: 'csv' } as const
      expect((await problemOf(rows.ingest({ app: 'a', domain: 'd', file: lost }, never))).code).toBe('storage_failed')
      expect(await collections()).toEqual(['row_versions'])
      expect(await place.db.collection('row_versions').countDocuments()).toBe(0)
      expect(await readdir(join(place.home, 'tmp'))).toEqual([])
    })

    it('of another release are refused, and collections of others stay', async () => {
      const { version } = await write([n], [[1]])
      await place.db.collection('row_versions').updateOne({}, { $set: { format: 99 } })
      await place.db.collection('rows_of_somebody').insertOne({})
      const other = await later(24 * 60 * minute)
      await other.retain(new Set([version]), 0)
      const problem = await problemOf(other.describe(version))
      expect([problem.code, problem.message]).toEqual(['storage_failed', expect.stringContaining('release')])
      expect(await collections()).toEqual(['row_versions', 'rows_of_somebody', `rows_${version}`].sort())
    })

    it('are read while other queries are given up', async () => {
      const { version } = await write(
        [n],
        Array.from({ length: 300 }, (_, at) => [at]),
      )
      const engine = rows.engine(new Map([['d', version]]))
      const query = guardedForTest([{ name: 'domain', domain: 'd' }])
      const page = { offset: 0, limit: null, maxRows: 1000 }
      const reads = Array.from({ length: 40 }, async (_, at) => {
        const signal = at % 2 === 0 ? new AbortController().signal : AbortSignal.timeout(at)
        return engine.fetch(query, page, signal).then(
          ({ count }) => count,
          (error: { code: string }) => error.code,
        )
      })
      const outcomes = await Promise.all(reads)
      expect(outcomes.filter((_, at) => at % 2 === 0)).toEqual(Array(20).fill(300))
      for (const outcome of outcomes) expect([300, 'query_timeout']).toContain(outcome)
    })

    it('that a killed process was writing never appear, and are swept once it is surely dead', async () => {
      const child = writeInAnotherProcess(place)
      const versions = place.db.collection('row_versions')
      await until(async () => {
        const [left] = await versions.find().toArray()
        return left !== undefined && (await place.db.collection(`rows_${left._id}`).countDocuments()) > 0
      }, child)
      child.kill('SIGKILL')
      await once(child, 'exit')
      const [left] = await versions.find().toArray()
      const version = String(left?._id)
      expect(await rows.describe(version)).toBeNull()
      await rows.retain(new Set(), 0)
      expect(await collections()).toContain(`rows_${version}`)
      const other = await later(6 * minute)
      await other.retain(new Set(), 0)
      expect(await collections()).toEqual(['row_versions'])
      expect(await other.describe(version)).toBeNull()
      expect(await versions.countDocuments()).toBe(0)
    }, 30_000)

    it('of a writer that was taken for dead and wakes up never appear either', async () => {
      const columns = [n]
      async function* pausing(): AsyncGenerator<Batch> {
        yield { columns, rows: [[1]] }
        await (await later(6 * minute)).retain(new Set(), 0)
        yield { columns, rows: [[2]] }
      }
      const problem = await problemOf(rows.write({ app: 'a', domain: 'd', columns, batches: pausing() }, never))
      expect([problem.code, problem.message]).toEqual(['storage_failed', expect.stringContaining('taken for dead')])
      expect(await place.db.collection('row_versions').countDocuments()).toBe(0)
      await rows.retain(new Set(), 0)
      expect(await collections()).toEqual(['row_versions'])
    })
  })
})

function writeInAnotherProcess(place: MongoPlace): ChildProcess {
  const settings = { kind: 'mongo', mongo: place.settings, home: place.home, memoryLimitBytes: 2 ** 29, threads: 1 }
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const code = `
    const { openRows } = await import(${url('../index.ts')})
    const { silentLog: log, systemClock: clock } = await import(${url('../../base/index.ts')})
    const rows = await openRows(${JSON.stringify({ ...settings, maxColumns: 100 })}, { clock, log })
    const columns = [{ name: 'n', type: 'integer' }]
    async function* endless() {
      for (let n = 0; ; n++) {
        yield { columns, rows: [[n]] }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
    await rows.write({ app: 'a', domain: 'd', columns, batches: endless() }, new AbortController().signal)`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], { stdio: 'ignore' })
}

async function until(holds: () => Promise<boolean>, child: ChildProcess): Promise<void> {
  while (!(await holds())) {
    if (child.exitCode !== null) throw new RangeError('the process ended before it could be killed')
    await sleep(20)
  }
}
