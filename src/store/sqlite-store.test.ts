import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteUnderTest } from '../../test/contracts/store/open-sqlite.ts'
import { storeContract } from '../../test/contracts/store.contract.ts'
import { silentLog, systemClock } from '../base/index.ts'
import { type CollectionSpec, openStore, type Store } from './index.ts'

const temporaryHome = () => mkdtemp(join(tmpdir(), 'laputa-store-'))

storeContract('sqlite', () => openSqliteUnderTest('here'))

interface Doc {
  readonly id: string
  readonly [field: string]: unknown
}

describe('sqlite store', () => {
  let home: string
  const opened: Store[] = []

  beforeEach(async () => {
    home = await temporaryHome()
  })
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
    await rm(home, { recursive: true, force: true })
  })

  async function open(at = home): Promise<Store> {
    const store = await openStore({ kind: 'sqlite', home: at }, { clock: systemClock, log: silentLog })
    opened.push(store)
    return store
  }

  async function reopened(store: Store): Promise<Store> {
    await store.close()
    return open()
  }

  /** Works on the closed database as another program would. */
  function edit(...statements: string[]): void {
    const database = new Database(join(home, 'store.sqlite'))
    for (const statement of statements) database.exec(statement)
    database.close()
  }

  const things = (store: Store, spec: Partial<CollectionSpec> = {}) =>
    store.collection<Doc>({ name: 'things', ...spec })

  describe('keeping', () => {
    it('makes the home with its parents, for its owner only', async () => {
      const deep = join(home, 'a', 'b')
      await open(deep)
      expect(statSync(deep).mode & 0o777).toBe(0o700)
    })

    it('finds documents, versions and blobs again', async () => {
      const before = await open()
      await things(before).insert({ id: 'a', n: 1 })
      await things(before).replace({ id: 'a', n: 2 }, 1)
      const { hash } = await before.blobs.put(oneChunk('blob'))
      const after = await reopened(before)
      expect(await things(after).get('a')).toEqual({ doc: { id: 'a', n: 2 }, version: 2 })
      expect(await after.blobs.get(hash)).not.toBeNull()
      expect(existsSync(join(home, 'blobs', hash.slice(0, 2), hash))).toBe(true)
    })

    it('removes unfinished blobs at the start, and no file of another room', async () => {
      await mkdir(join(home, 'tmp'))
      writeFileSync(join(home, 'tmp', 'blob-0123'), 'half')
      writeFileSync(join(home, 'tmp', 'rows-0123'), 'theirs')
      await open()
      expect(readdirSync(join(home, 'tmp'))).toEqual(['rows-0123'])
    })

    it('leaves nothing in tmp after a blob was put or refused', async () => {
      const store = await open()
      await store.blobs.put(oneChunk('blob'))
      await store.blobs.put(brokenStream()).catch(() => {})
      expect(readdirSync(join(home, 'tmp'))).toEqual([])
    })

    it('passes over files among the blobs that are not blobs', async () => {
      const store = await open()
      writeFileSync(join(home, 'blobs', 'README'), 'x')
      await mkdir(join(home, 'blobs', 'ab'))
      writeFileSync(join(home, 'blobs', 'ab', 'README'), 'x')
      expect(await store.blobs.sweep(new Set(), -60_000)).toBe(0)
      expect(existsSync(join(home, 'blobs', 'ab', 'README'))).toBe(true)
    })
  })

  describe('indexes', () => {
    it('are made for documents that are there already, and dropped when no longer named', async () => {
      const one = await open()
      await things(one).insert({ id: 'a', email: 'x' })
      const two = await reopened(one)
      const unique = things(two, { unique: ['email'] })
      await expect(unique.insert({ id: 'b', email: 'x' })).rejects.toMatchObject({ code: 'conflict' })
      const three = await reopened(two)
      await things(three).insert({ id: 'b', email: 'x' })
      await three.close()
      const database = new Database(join(home, 'store.sqlite'))
      expect(
        database.prepare("select count(*) as n from sqlite_master where type = 'index' and sql is not null").get([]),
      ).toMatchObject({ n: 0 })
      database.close()
    })

    it('refuse to become unique over documents that are not, and change nothing', async () => {
      const one = await open()
      await things(one, { indexes: ['n'] }).insert({ id: 'a', email: 'x' })
      await things(one, { indexes: ['n'] }).insert({ id: 'b', email: 'x' })
      const two = await reopened(one)
      expect(() => things(two, { unique: ['email'] })).toThrow(
        expect.objectContaining({ code: 'storage_failed', message: expect.stringMatching(/"things".*unique/) }),
      )
      expect(await things(two).count()).toBe(2)
    })

    it('serve equality, ranges, lists, order and pages', async () => {
      const store = await open()
      await things(store, { indexes: ['v.w'] }).insert({ id: 'a', v: { w: 1 } })
      const { compileFilter } = await import('./sqlite/filter.ts')
      const { pageClause } = await import('./sqlite/page.ts')
      const { openDatabase } = await import('./sqlite/database.ts')
      const database = openDatabase(join(home, 'store.sqlite'), 0)
      const field = 'v.w'
      for (const order of ['asc', 'desc'] as const) {
        const page = pageClause(database, '"c_things"', { sort: { field, order }, after: 'a' })
        expect(plan(page.after, `order by ${page.order}`)).toMatch(
          /^SEARCH c_things USING INDEX i_\w+ \(<expr>[<>]\?\)/,
        )
      }
      for (const filter of [
        { field, eq: 'x' },
        { field, eq: null },
        { field, in: [1, 'x'] },
        { field, lt: 5 },
        { field, gt: 'x' },
      ]) {
        expect(plan(compileFilter(filter))).toMatch(/^SEARCH c_things USING INDEX i_\w+ /)
      }
      database.close()

      function plan(where: { text: string; values: readonly (string | number)[] }, rest = ''): string {
        const sql = `explain query plan select doc from "c_things" where ${where.text} ${rest}`
        return String(database.all(sql, where.values)[0]?.[3])
      }
    })
  })

  describe('refusing to open', () => {
    async function refusal(): Promise<{ code: string; message: string }> {
      return openStore({ kind: 'sqlite', home }, { clock: systemClock, log: silentLog }).then(
        () => expect.fail('it opened'),
        (error) => error,
      )
    }

    it('what is not a database, each time with the remedy', async () => {
      writeFileSync(join(home, 'store.sqlite'), 'This is no database. '.repeat(500))
      for (let time = 0; time < 2; time++) {
        expect(await refusal()).toMatchObject({
          code: 'storage_failed',
          message: expect.stringMatching(/damaged.*backup/),
        })
      }
    })

    it('a database of a newer program, and leaves it as it is', async () => {
      const store = await open()
      await things(store).insert({ id: 'a' })
      await store.close()
      edit("update meta set value = 7 where name = 'format'")
      expect(await refusal()).toMatchObject({
        code: 'storage_failed',
        message: expect.stringMatching(/format 7.*newer program/),
      })
      edit("update meta set value = 1 where name = 'format'")
      expect(await things(await open()).count()).toBe(1)
    })

    it.each([
      ['with other tables', ['create table users (name text)']],
      ['with another table meta', ['create table meta (key text, val text)']],
      [
        'with a number that is none',
        ['create table meta (name text, value)', "insert into meta values ('format', 'two')"],
      ],
    ])('a database of another program, %s', async (_, statements) => {
      edit(...statements)
      expect(await refusal()).toMatchObject({
        code: 'storage_failed',
        message: expect.stringMatching(/another program/),
      })
    })

    it('a home that cannot be a folder', async () => {
      await rm(home, { recursive: true })
      writeFileSync(home, 'a file')
      expect(await refusal()).toMatchObject({ code: 'storage_failed', message: expect.stringContaining(home) })
    })

    it('a database that cannot be a file', async () => {
      await mkdir(join(home, 'store.sqlite'))
      expect(await refusal()).toMatchObject({
        code: 'storage_failed',
        message: expect.stringMatching(/cannot be opened/),
      })
    })

    it('a home that is open already, until it is closed', async () => {
      const store = await open()
      expect(await refusal()).toMatchObject({
        code: 'storage_failed',
        message: expect.stringContaining(`(pid ${process.pid})`),
      })
      await store.close()
      await open()
    })
  })

  describe('failing in use', () => {
    it('answers a damaged table with what to do', async () => {
      const store = await open()
      for (let n = 0; n < 50; n++) await things(store).insert({ id: `d${n}`, text: 'x'.repeat(2000) })
      await store.close()
      const file = join(home, 'store.sqlite')
      const bytes = readFileSync(file)
      writeFileSync(file, bytes.fill(0xff, 5 * 4096))
      const damaged = things(await open())
      await expect(damaged.find({ field: 'text', eq: 'x' })).rejects.toMatchObject({
        code: 'storage_failed',
        message: expect.stringMatching(/damaged.*backup/),
      })
    })

    it('answers a lock of another program with what to do, and goes on after it', async () => {
      const store = await open()
      const other = new Database(join(home, 'store.sqlite'))
      const collection = things(store)
      other.exec('begin immediate')
      await expect(collection.insert({ id: 'a' })).rejects.toMatchObject({
        code: 'storage_failed',
        message: expect.stringMatching(/locked by another program/),
      })
      expect(await collection.count()).toBe(0)
      other.exec('commit')
      other.close()
      expect((await collection.insert({ id: 'a' })).version).toBe(1)
    })
  })

  describe.each(['here', 'thread'])('a process that is killed, with a writer: %s', (writer) => {
    /** Swaps a pointer to ever new documents, and puts blobs, until it is killed. A line for each swap that was answered. */
    const program = `
      import { createHash, randomBytes } from 'node:crypto'
      import { writeSync } from 'node:fs'
      import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))}
      const log = { info() {}, error() {}, warn() {}, debug() {}, child: () => log }
      const store = await openStore({ kind: 'sqlite', home: process.argv[1], writer: process.argv[2] }, { clock: Date, log })
      const releases = store.collection({ name: 'releases', unique: ['hash'], indexes: ['n'] })
      const apps = store.collection({ name: 'apps' })
      const app = await apps.get('app') ?? await apps.insert({ id: 'app', n: 0 })
      async function* slowly() {
        for (let part = 0; part < 10; part++) { yield randomBytes(20000); await new Promise(setImmediate) }
      }
      async function putBlobs() { for (;;) await store.blobs.put(slowly()) }
      putBlobs(); putBlobs()
      for (let n = app.doc.n + 1, version = app.version; ; n++) {
        const content = randomBytes(10000).toString('hex')
        await releases.insert({ id: 'r' + n, n, content, hash: createHash('sha256').update(content).digest('hex') })
        version = (await apps.replace({ id: 'app', n }, version)).version
        writeSync(1, n + '\\n')
        await new Promise(setImmediate)
      }`

    it('leaves its last answered state, whole documents, whole blobs, and no lock', async () => {
      let answered = 0
      for (let round = 0; round < 3; round++) {
        const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, home, writer])
        let out = ''
        let errors = ''
        child.stdout.on('data', (data) => {
          out += data
        })
        child.stderr.on('data', (data) => {
          errors += data
        })
        await expect.poll(() => child.exitCode ?? out.split('\n').length, { timeout: 15_000 }).toBeGreaterThan(60)
        await expect(open()).rejects.toMatchObject({
          code: 'storage_failed',
          message: expect.stringContaining(`Another process (pid ${child.pid})`),
        })
        await expect.poll(() => blobFiles(home).length, { timeout: 15_000 }).toBeGreaterThan(round)
        expect([child.exitCode, errors]).toEqual([null, ''])
        child.kill('SIGKILL')
        await once(child, 'close')
        answered = Number(out.trim().split('\n').at(-1))

        const store = await open()
        const pointer = (await store.collection<Doc>({ name: 'apps' }).get('app'))?.doc.n as number
        expect(pointer).toBeGreaterThanOrEqual(answered)
        expect(pointer).toBeLessThanOrEqual(answered + 1)
        const releases = store.collection<Doc>({ name: 'releases', unique: ['hash'], indexes: ['n'] })
        const found = await releases.find(undefined, { sort: { field: 'n', order: 'asc' } })
        expect(found.length).toBeGreaterThanOrEqual(pointer)
        for (const { doc } of found) expect(sha256(doc.content as string)).toBe(doc.hash)
        expect(readdirSync(join(home, 'tmp'))).toEqual([])
        for (const [hash, path] of blobFiles(home)) expect(sha256(readFileSync(path))).toBe(hash)
        // The next round starts again at the pointer: a release beyond it was never part of an answered state.
        await releases.remove(`r${pointer + 1}`)
        await store.close()
      }
      expect(answered).toBeGreaterThan(150)
    }, 60_000)
  })
})

function blobFiles(home: string): [hash: string, path: string][] {
  const blobs = join(home, 'blobs')
  return readdirSync(blobs).flatMap((prefix) =>
    readdirSync(join(blobs, prefix)).map((hash): [string, string] => [hash, join(blobs, prefix, hash)]),
  )
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

async function* brokenStream(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('x')
  throw new Error('planted')
}
