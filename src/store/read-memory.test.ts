import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog, systemClock } from '../base/index.ts'
import { createReadMemory, openStore, type Store } from './index.ts'

interface Thing {
  readonly id: string
  readonly name: string
}

let home: string
let store: Store
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'laputa-memory-'))
  store = await openStore({ kind: 'sqlite', home }, { clock: systemClock, log: silentLog })
})
afterAll(async () => {
  await store.close()
  rmSync(home, { recursive: true, force: true })
})

const things = (name: string) => store.collection<Thing>({ name, unique: ['name'] })

describe('the count of changes', () => {
  it('moves with every write, done or refused, and with nothing else', async () => {
    const collection = things('counted')
    const moved = async (work: () => Promise<unknown>) => {
      const before = collection.changes()
      await work().catch(() => {})
      return collection.changes() !== before
    }
    expect(await moved(() => collection.insert({ id: 'a', name: 'A' }))).toBe(true)
    expect(await moved(() => collection.insert({ id: 'b', name: 'A' }))).toBe(true)
    expect(await moved(() => collection.replace({ id: 'a', name: 'B' }, 1))).toBe(true)
    expect(await moved(() => collection.replace({ id: 'a', name: 'C' }, 1))).toBe(true)
    expect(await moved(() => collection.remove('a', 7))).toBe(true)
    expect(await moved(() => collection.remove('a'))).toBe(true)
    for (const read of [() => collection.get('a'), () => collection.find(), () => collection.count()])
      expect(await moved(read)).toBe(false)
    expect(await moved(() => things('others').insert({ id: 'a', name: 'A' }))).toBe(false)
    expect(things('counted').changes()).toBe(collection.changes())
  })

  it('moves within a second of a write by another program', async () => {
    const collection = things('shared')
    await collection.insert({ id: 'a', name: 'A' })
    const before = collection.changes()
    const shell = new Database(join(home, 'store.sqlite'))
    shell.exec(`create table written_by_a_shell (a)`)
    shell.close()
    await expect.poll(() => collection.changes() !== before, { timeout: 3000 }).toBe(true)
  })
})

describe('a memory of reads', () => {
  it('gives what was read until there is a write', async () => {
    const collection = things('read')
    await collection.insert({ id: 'a', name: 'A' })
    const memory = createReadMemory<Thing>(collection.changes, 10)
    const read = async () => (await collection.get('a'))?.doc ?? { id: 'a', name: 'none' }
    expect(memory.get('a')).toBeUndefined()
    const first = await memory.through('a', read)
    expect(memory.get('a')).toBe(first)
    await collection.replace({ id: 'a', name: 'B' }, 1)
    expect(memory.get('a')).toBeUndefined()
    expect(await memory.through('a', read)).toEqual({ id: 'a', name: 'B' })
    expect(memory.get('a')).toEqual({ id: 'a', name: 'B' })
  })

  it('does not keep what a write overtook, nor an error', async () => {
    const collection = things('overtaken')
    const memory = createReadMemory<Thing>(collection.changes, 10)
    await memory.through('a', async () => {
      await collection.insert({ id: 'a', name: 'A' })
      return { id: 'a', name: 'as it was before' }
    })
    expect(memory.get('a')).toBeUndefined()
    await expect(memory.through('a', () => Promise.reject(new Error('lost')))).rejects.toThrow('lost')
    expect(memory.get('a')).toBeUndefined()
  })

  it('keeps nothing where others write unseen, and not more than it may', async () => {
    const thing = { id: 'a', name: 'A' }
    const blind = createReadMemory<Thing>(() => undefined, 10)
    await blind.through('a', async () => thing)
    expect(blind.get('a')).toBeUndefined()
    const small = createReadMemory<Thing>(() => 1, 2)
    for (const key of ['a', 'b', 'c']) await small.through(key, async () => thing)
    expect(['a', 'b', 'c'].map((key) => small.get(key) !== undefined)).toEqual([false, true, true])
  })
})
