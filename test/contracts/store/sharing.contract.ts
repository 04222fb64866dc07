import { beforeEach, describe, expect, it } from 'vitest'
import type { CollectionSpec, Store } from '../../../src/store/index.ts'
import { bytesOf, chunks, type Doc, filled, type StoreUnderTest, sha256, things } from './fixture.ts'

/** Who else writes, and what may be remembered of what was read. */
export function sharingContract(current: () => StoreUnderTest): void {
  let store: Store
  beforeEach(() => {
    store = current().store
  })

  describe('changes', () => {
    it('are counted with each write, or not at all where others may write unseen', async () => {
      const collection = things(store, { unique: ['email'] })
      await collection.insert({ id: 'a', email: 'x' })
      const writes = [
        () => collection.insert({ id: 'b' }),
        () => collection.insert({ id: 'c', email: 'x' }),
        () => collection.replace({ id: 'b', n: 1 }, 1),
        () => collection.remove('b'),
        () => store.documents<Doc>('things').insert({ id: 'd' }),
      ]
      for (const write of writes) {
        const before = collection.changes()
        expect(before === undefined).toBe(store.shared)
        await write().catch(() => {})
        if (before !== undefined) expect(collection.changes()).not.toBe(before)
      }
    })

    it('have moved before anybody hears of a write, however many come at once', async () => {
      const collection = await filled(store, [{ id: 'a', n: 0 }])
      const before = collection.changes()
      const seen: unknown[] = []
      const inserts = Array.from({ length: 20 }, (_, n) =>
        collection.insert({ id: `n${n}` }).then(() => seen.push(collection.changes())),
      )
      // A read between the calls and the answers: whatever it saw is no longer true once the writes are there.
      const read = collection.count().then((count) => ({ count, at: collection.changes() }))
      await Promise.all(inserts)
      const { count, at } = await read
      expect([seen.length, await collection.count()]).toEqual([20, 21])
      if (before === undefined) {
        // Nobody may take any of it for unchanged.
        expect(new Set([...seen, at, collection.changes()])).toEqual(new Set([undefined]))
        return
      }
      for (const changes of seen) expect(changes).not.toBe(before)
      if (count !== 21) expect(collection.changes()).not.toBe(at)
    })
  })

  describe('many writes at once', () => {
    it('each fail or are done by themselves', async () => {
      const collection = await filled(store, [{ id: 'a', email: 'x' }], { unique: ['email'] })
      const results = await Promise.allSettled([
        collection.insert({ id: 'b', email: 'y' }),
        collection.insert({ id: 'a' }),
        collection.insert({ id: 'c', email: 'x' }),
        collection.replace({ id: 'a', email: 'x', n: 1 }, 7),
        collection.remove('a', 7),
        collection.remove('nobody'),
        collection.insert({ id: 'd', email: 'z' }),
        collection.insert({ id: '' }),
      ])
      expect(results.map((result) => (result.status === 'rejected' ? result.reason.code : 'done'))).toEqual([
        'done',
        'conflict',
        'conflict',
        'precondition_failed',
        'precondition_failed',
        'done',
        'done',
        'invalid_request',
      ])
      expect(await collection.idsOf()).toEqual(['a', 'b', 'd'])
      expect(await collection.get('a')).toEqual({ doc: { id: 'a', email: 'x' }, version: 1 })
    })

    it('write what was given when they were called', async () => {
      const doc = { id: 'a', n: 1 }
      const writing = things(store).insert(doc)
      doc.n = 2
      doc.id = 'b'
      expect((await writing).doc).toEqual({ id: 'a', n: 1 })
      expect((await things(store).get('a'))?.doc).toEqual({ id: 'a', n: 1 })
    })

    it('are answered although the store is closed right after they were called', async () => {
      const writes = Array.from({ length: 30 }, (_, n) => things(store).insert({ id: `d${n}` }))
      const results = Promise.allSettled(writes)
      await store.close()
      for (const result of await results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'storage_failed' })
      }
    })
  })

  describe('a store', () => {
    it('answers a ping while it is open', async () => {
      await store.ping()
      await store.close()
      await expect(store.ping()).rejects.toMatchObject({ code: 'storage_failed' })
    })

    it('gives the documents of a collection whatever its spec, and leaves its indexes', async () => {
      const collection = await filled(store, [{ id: 'a', email: 'x' }], { unique: ['email'] })
      const same = store.documents<Doc>('things')
      expect(await same.find({ field: 'email', eq: 'x' })).toHaveLength(1)
      expect(await same.replace({ id: 'a', email: 'y' }, 1)).toEqual({ doc: { id: 'a', email: 'y' }, version: 2 })
      await expect(same.insert({ id: 'b', email: 'y' })).rejects.toMatchObject({ code: 'conflict' })
      await expect(collection.insert({ id: 'b', email: 'y' })).rejects.toMatchObject({ code: 'conflict' })
      expect(await store.documents('nothing').find()).toEqual([])
      expect(() => store.documents('no name')).toThrow(expect.objectContaining({ code: 'internal' }))
    })
  })

  describe('two processes on one store', () => {
    /** The second one; undefined where only one process may have it, which then says so. */
    async function other(): Promise<Store | undefined> {
      const { openAgain } = current()
      expect(openAgain !== undefined).toBe(store.shared)
      return openAgain?.()
    }
    const spec: CollectionSpec = { name: 'things', unique: ['email'], indexes: ['n'] }

    it('prepare a collection at the same time', async () => {
      const second = await other()
      if (!second) return
      const both = [store, second].map((each) => each.collection<Doc>(spec))
      await Promise.all(both.map((collection, at) => collection.insert({ id: `d${at}`, email: `e${at}` })))
      for (const collection of both) expect(await collection.count()).toBe(2)
    })

    it('lose no increment', async () => {
      const second = await other()
      if (!second) return
      await things(store).insert({ id: 'a', n: 0 })
      async function add(from: Store): Promise<void> {
        const { doc, version } = (await things(from).get('a'))!
        try {
          await things(from).replace({ id: 'a', n: (doc.n as number) + 1 }, version)
        } catch (error) {
          expect(error).toMatchObject({ code: 'precondition_failed' })
          await add(from)
        }
      }
      await Promise.all(Array.from({ length: 20 }, (_, at) => add(at % 2 ? store : second)))
      expect(await things(second).get('a')).toEqual({ doc: { id: 'a', n: 20 }, version: 21 })
    })

    it('take a unique value once', async () => {
      const second = await other()
      if (!second) return
      for (let round = 0; round < 10; round++) {
        const inserts = [store, second, store, second].map((each, at) =>
          each.collection<Doc>(spec).insert({ id: `${round}-${at}`, email: `e${round}` }),
        )
        const results = await Promise.allSettled(inserts)
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        for (const result of results) {
          if (result.status === 'rejected')
            expect(result.reason).toMatchObject({ code: 'conflict', message: /"email"/ })
        }
      }
      expect(await second.collection<Doc>(spec).count()).toBe(10)
    })

    it('put the same blob once, and see each other’s', async () => {
      const second = await other()
      if (!second) return
      const content = Buffer.alloc(600_000, 'blob')
      await Promise.all([store, second, store, second].map((each) => each.blobs.put(chunks(content, 50_000))))
      const read = await second.blobs.get(sha256(content))
      expect((await bytesOf(read!)).equals(content)).toBe(true)
      current().passTime(1000)
      const swept = await Promise.all([store, second].map((each) => each.blobs.sweep(new Set(), 0)))
      expect(swept.reduce((a, b) => a + b)).toBe(1)
    })
  })
}
