import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqliteUnderTest } from '../../test/contracts/store/open-sqlite.ts'
import { storeContract } from '../../test/contracts/store.contract.ts'
import { silentLog, systemClock } from '../base/index.ts'
import { openStore, type Store } from './index.ts'

storeContract('sqlite with a thread that writes', () => openSqliteUnderTest('thread'))

interface Doc {
  readonly id: string
}

describe.each(['here', 'thread'] as const)('writes that come at once, with a writer: %s', (writer) => {
  let home: string
  const opened: Store[] = []
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'laputa-group-'))
  })
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close()
    await rm(home, { recursive: true, force: true })
  })

  async function open(): Promise<Store> {
    const store = await openStore({ kind: 'sqlite', home, writer }, { clock: systemClock, log: silentLog })
    opened.push(store)
    return store
  }
  const things = (store: Store) => store.collection<Doc>({ name: 'things' })

  it('are written when they were called before the store was closed', async () => {
    const before = await open()
    const writes = Array.from({ length: 30 }, (_, n) => things(before).insert({ id: `d${n}` }))
    await before.close()
    await Promise.all(writes)
    expect(await things(await open()).count()).toBe(30)
  })

  it('are all refused while another program has the lock, and all written after', async () => {
    const store = await open()
    const other = new Database(join(home, 'store.sqlite'))
    const collection = things(store)
    const insertAll = () => Promise.allSettled(['a', 'b', 'c'].map((id) => collection.insert({ id })))
    other.exec('begin immediate')
    for (const result of await insertAll()) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'storage_failed' } })
    }
    other.exec('rollback')
    other.close()
    expect(await collection.count()).toBe(0)
    expect((await insertAll()).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  })

  it('are undone together when the disk is full, and written when there is room again', async () => {
    const store = await open()
    await things(store).insert({ id: 'first' })
    await store.close()
    const { openDatabase } = await import('./sqlite/database.ts')
    const { commit } = await import('./sqlite/commit.ts')
    const database = openDatabase(join(home, 'store.sqlite'), 0)
    const insert = (id: string, length: number) => ({
      sql: `insert into c_things values (?, 1, '{"t": "${'x'.repeat(length)}"}')`,
      values: [id],
    })
    const pages = Number(database.get('pragma page_count', [])?.[0])
    database.exec(`pragma max_page_count = ${pages + 5}`)
    const full = commit(database, [insert('small', 10), insert('large', 500_000), insert('after', 10)])
    for (const outcome of full) expect(outcome).toMatchObject({ code: 'SQLITE_FULL' })
    database.exec('pragma max_page_count = 100000')
    expect(commit(database, [insert('small', 10), insert('large', 500_000)])).toEqual([1, 1])
    expect(database.all('select id from c_things order by id', [])).toEqual([['first'], ['large'], ['small']])
    database.close()
  })
})

describe('a thread that writes', () => {
  it('is started anew when it died, and who waited for it is told', async () => {
    const { createWriterInThread } = await import('./sqlite/writer-in-thread.ts')
    const home = await mkdtemp(join(tmpdir(), 'laputa-thread-'))
    const path = join(home, 'database')
    await mkdir(path)
    const writer = createWriterInThread({ path, busyTimeoutMs: 0 }, silentLog)
    let settled = 0
    const write = (sql: string) => writer.write({ sql, values: [] }, () => settled++)
    expect(await write('create table t (n)')).toMatchObject({ message: expect.stringContaining('has ended') })
    expect(settled).toBe(1)
    await rm(path, { recursive: true })
    expect(await write('create table t (n)')).toBe(0)
    expect(await Promise.all(['insert into t values (1)', 'insert into t values (2), (3)'].map(write))).toEqual([1, 2])
    await writer.close()
    const database = new Database(path)
    expect(database.prepare('select count(*) as n from t').get([])).toMatchObject({ n: 3 })
    database.close()
    await rm(home, { recursive: true })
  })
})
