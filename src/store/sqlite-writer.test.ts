import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLog, systemClock } from '../base/index.ts'
import { openStore, type Store } from './index.ts'

interface Doc {
  readonly id: string
}

describe('writes that come at once', () => {
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
    const store = await openStore({ kind: 'sqlite', home }, { clock: systemClock, log: silentLog })
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
    const collection = things(store)
    await collection.insert({ id: 'first' })
    const { openDatabase } = await import('./sqlite/database.ts')
    const { createGroupCommit } = await import('./sqlite/group-commit.ts')
    await store.close()
    const database = openDatabase(join(home, 'store.sqlite'), 0)
    const commits = createGroupCommit(() => database)
    const insert = (id: string, length: number) =>
      commits.write(
        () => database.run(`insert into c_things values (?, 1, '{"t": "${'x'.repeat(length)}"}')`, [id]),
        () => {},
      )
    const pages = Number(database.get('pragma page_count', [])?.[0])
    database.exec(`pragma max_page_count = ${pages + 5}`)
    const full = await Promise.allSettled([insert('small', 10), insert('large', 500_000), insert('after', 10)])
    for (const result of full) expect(result).toMatchObject({ status: 'rejected', reason: { code: 'SQLITE_FULL' } })
    database.exec('pragma max_page_count = 100000')
    await Promise.all([insert('small', 10), insert('large', 500_000)])
    expect(database.all('select id from c_things order by id', [])).toEqual([['first'], ['large'], ['small']])
    database.close()
  })
})
