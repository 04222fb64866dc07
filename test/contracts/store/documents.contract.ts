import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Store } from '../../../src/store/index.ts'
import { cyclic, type Doc, filled, hostileTexts, type StoreUnderTest, things } from './fixture.ts'

/** Documents one by one: what they hold, their ids, compare-and-swap, unique fields. */
export function documentsContract(current: () => StoreUnderTest): void {
  let store: Store
  beforeEach(() => {
    store = current().store
  })

  describe('documents', () => {
    it('come back as they were inserted, with version 1', async () => {
      const doc = {
        id: 'a',
        text: 'x',
        number: 1.5,
        flag: true,
        nothing: null,
        list: [1, 'two', [3]],
        object: { b: { c: 1 } },
      }
      const inserted = await things(store).insert(doc)
      expect(inserted).toEqual({ doc, version: 1 })
      expect(await things(store).get('a')).toEqual({ doc, version: 1 })
    })

    it('are null when there is none', async () => {
      expect(await things(store).get('a')).toBeNull()
      for (const id of ['', '__proto__', 'x'.repeat(5000), '\ud800', '%', '*'])
        expect(await things(store).get(id)).toBeNull()
    })

    it('keep the order of their members', async () => {
      await things(store).insert({ id: 'a', z: 1, b: 2, a: 3 })
      expect(Object.keys((await things(store).get('a'))?.doc ?? {})).toEqual(['id', 'z', 'b', 'a'])
    })

    it('share no object with those who wrote and read them', async () => {
      const list = [1]
      const { doc } = await things(store).insert({ id: 'a', list })
      list.push(2)
      ;(doc.list as number[]).push(3)
      expect((await things(store).get('a'))?.doc.list).toEqual([1])
    })

    it('leave out members that are undefined', async () => {
      await things(store).insert({ id: 'a', gone: undefined })
      expect((await things(store).get('a'))?.doc).toStrictEqual({ id: 'a' })
    })

    it('hold a member called __proto__ without becoming something else', async () => {
      const doc = JSON.parse('{"id": "a", "__proto__": {"admin": true}, "nested": {"__proto__": 1}}')
      await things(store).insert(doc)
      const got = (await things(store).get('a'))?.doc
      expect(JSON.stringify(got)).toBe(JSON.stringify(doc))
      expect(got?.admin).toBeUndefined()
    })

    it('hold texts of a megabyte', async () => {
      const text = randomBytes(500_000).toString('hex')
      await things(store).insert({ id: 'a', text })
      expect((await things(store).get('a'))?.doc.text === text).toBe(true)
    })

    it.each(hostileTexts)('hold the text %j, as a value and as the name of a member', async (text) => {
      const doc = { id: 'a', value: text, inside: { [text]: [text] } }
      await things(store).insert(doc)
      expect((await things(store).get('a'))?.doc).toEqual(doc)
    })

    it('hold any JSON', async () => {
      const collection = things(store, { indexes: ['value', 'value.a'] })
      await fc.assert(
        fc.asyncProperty(fc.jsonValue(), fc.uuid(), async (value, id) => {
          await collection.insert({ id, value })
          expect(JSON.stringify((await collection.get(id))?.doc)).toBe(JSON.stringify({ id, value }))
        }),
        { numRuns: 100 },
      )
    })

    it('are refused whole when they are nested too deeply, and leave the collection searchable', async () => {
      const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
      const collection = await filled(store, [{ id: 'a', value: 1 }], { indexes: ['value'] })
      await expect(collection.insert({ id: 'deep', value: deep })).rejects.toMatchObject({ code: 'too_large' })
      await expect(collection.replace({ id: 'a', value: deep }, 1)).rejects.toMatchObject({ code: 'too_large' })
      expect(await collection.idsOf({ field: 'value', eq: 1 })).toEqual(['a'])
    })

    it.each([{ id: 'a', value: 1n }, cyclic()])('are refused when they are not JSON', async (doc) => {
      await expect(things(store).insert(doc)).rejects.toMatchObject({ code: 'internal' })
      expect(await things(store).count()).toBe(0)
    })
  })

  describe('ids', () => {
    const oddIds = [
      '0',
      ' ',
      '__proto__',
      'a.b',
      '$ne',
      "'; drop table",
      'ключ🗝',
      'a\u0000b',
      'a\u0000c',
      'a',
      'A',
      'a\u0001',
      '../x',
      'i'.repeat(1000),
    ]

    it('can be any text, and no two of them are taken for each other', async () => {
      const collection = await filled(
        store,
        oddIds.map((id, at) => ({ id, at })),
      )
      for (const [at, id] of oddIds.entries()) {
        expect(await collection.get(id)).toEqual({ doc: { id, at }, version: 1 })
        expect(await collection.idsOf({ field: 'id', eq: id })).toEqual([id])
      }
      expect(await collection.count()).toBe(oddIds.length)
      expect(await collection.idsOf({ field: 'id', eq: 0 })).toEqual([])
      expect(await collection.idsOf({ field: 'id', in: [0] })).toEqual([])
      for (const id of oddIds) expect(await collection.remove(id)).toBe(true)
      expect(await collection.count()).toBe(0)
    })

    it.each(['', 'i'.repeat(1001), 'half \ud800', 5, null, undefined])('cannot be %j', async (id) => {
      await expect(things(store).insert({ id: id as string })).rejects.toMatchObject({ code: 'invalid_request' })
      expect(await things(store).count()).toBe(0)
    })

    it('are taken once: the second insert is a conflict and changes nothing', async () => {
      await things(store).insert({ id: 'a', n: 1 })
      await expect(things(store).insert({ id: 'a', n: 2 })).rejects.toMatchObject({ code: 'conflict' })
      expect((await things(store).get('a'))?.doc.n).toBe(1)
    })

    it('are free again after a removal, and in another collection', async () => {
      await things(store).insert({ id: 'a' })
      await store.collection<Doc>({ name: 'others' }).insert({ id: 'a' })
      await things(store).remove('a')
      expect((await things(store).insert({ id: 'a' })).version).toBe(1)
    })
  })

  describe('replace', () => {
    it('swaps the whole document and counts its version', async () => {
      await things(store).insert({ id: 'a', old: 1 })
      expect(await things(store).replace({ id: 'a', fresh: 2 }, 1)).toEqual({ doc: { id: 'a', fresh: 2 }, version: 2 })
      expect(await things(store).get('a')).toEqual({ doc: { id: 'a', fresh: 2 }, version: 2 })
      expect((await things(store).replace({ id: 'a' }, 2)).version).toBe(3)
    })

    it.each([0, 2, 1.5, -1, Number.NaN, Number.MAX_SAFE_INTEGER])(
      'refuses version %d where 1 is stored',
      async (version) => {
        await things(store).insert({ id: 'a', n: 1 })
        await expect(things(store).replace({ id: 'a', n: 2 }, version)).rejects.toMatchObject({
          code: 'precondition_failed',
        })
        expect(await things(store).get('a')).toEqual({ doc: { id: 'a', n: 1 }, version: 1 })
      },
    )

    it('refuses what is gone or never was, and makes nothing', async () => {
      await things(store).insert({ id: 'a' })
      await things(store).remove('a')
      await expect(things(store).replace({ id: 'a' }, 1)).rejects.toMatchObject({ code: 'precondition_failed' })
      await expect(things(store).replace({ id: 'b' }, 1)).rejects.toMatchObject({ code: 'precondition_failed' })
      expect(await things(store).count()).toBe(0)
    })

    it('lets 50 concurrent counters each add one', async () => {
      await things(store).insert({ id: 'a', n: 0 })
      async function add(): Promise<void> {
        for (;;) {
          const { doc, version } = (await things(store).get('a'))!
          await new Promise(setImmediate)
          try {
            await things(store).replace({ id: 'a', n: (doc.n as number) + 1 }, version)
            return
          } catch (error) {
            expect(error).toMatchObject({ code: 'precondition_failed' })
          }
        }
      }
      await Promise.all(Array.from({ length: 50 }, add))
      expect(await things(store).get('a')).toEqual({ doc: { id: 'a', n: 50 }, version: 51 })
    })

    it('lets one of two win from the same version', async () => {
      await things(store).insert({ id: 'a' })
      const results = await Promise.allSettled([
        things(store).replace({ id: 'a', n: 1 }, 1),
        things(store).replace({ id: 'a', n: 2 }, 1),
      ])
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    })
  })

  describe('remove', () => {
    it('tells whether there was one', async () => {
      await things(store).insert({ id: 'a' })
      expect(await things(store).remove('b')).toBe(false)
      expect(await things(store).remove('a')).toBe(true)
      expect(await things(store).remove('a')).toBe(false)
      expect(await things(store).get('a')).toBeNull()
      for (const id of ['', '\ud800', '__proto__']) expect(await things(store).remove(id)).toBe(false)
    })

    it('with a version removes only that one', async () => {
      await things(store).insert({ id: 'a' })
      await things(store).replace({ id: 'a' }, 1)
      await expect(things(store).remove('a', 1)).rejects.toMatchObject({ code: 'precondition_failed' })
      expect(await things(store).get('a')).not.toBeNull()
      expect(await things(store).remove('a', 2)).toBe(true)
      expect(await things(store).remove('a', 2)).toBe(false)
    })
  })

  describe('unique fields', () => {
    const spec = { unique: ['email', 'login.name'] }

    it('are taken once, by insert and by replace, and the refusal names the field', async () => {
      const collection = await filled(
        store,
        [
          { id: 'a', email: 'x' },
          { id: 'b', email: 'y' },
        ],
        spec,
      )
      await expect(collection.insert({ id: 'c', email: 'x' })).rejects.toMatchObject({
        code: 'conflict',
        message: /"email"/,
      })
      await expect(collection.replace({ id: 'b', email: 'x' }, 1)).rejects.toMatchObject({ code: 'conflict' })
      expect(await collection.get('c')).toBeNull()
      expect(await collection.get('b')).toEqual({ doc: { id: 'b', email: 'y' }, version: 1 })
    })

    it('can be inside an object', async () => {
      const collection = await filled(store, [{ id: 'a', login: { name: 'x' } }], spec)
      await expect(collection.insert({ id: 'b', login: { name: 'x' } })).rejects.toMatchObject({
        code: 'conflict',
        message: /"login.name"/,
      })
      await collection.insert({ id: 'c', login: { other: 'x' } })
    })

    it('do not count where they are absent or null', async () => {
      const collection = await filled(
        store,
        [{ id: 'a' }, { id: 'b' }, { id: 'c', email: null }, { id: 'd', email: null }],
        spec,
      )
      expect(await collection.count()).toBe(4)
    })

    it('can be kept by the same document, and are free after a change or a removal', async () => {
      const collection = await filled(
        store,
        [
          { id: 'a', email: 'x' },
          { id: 'b', email: 'y' },
        ],
        spec,
      )
      await collection.replace({ id: 'a', email: 'x', more: 1 }, 1)
      await collection.replace({ id: 'a', email: 'z' }, 2)
      await collection.replace({ id: 'b', email: 'x' }, 1)
      await collection.remove('b')
      await collection.insert({ id: 'c', email: 'x' })
    })

    it('tell apart what is written or typed differently', async () => {
      const values = [
        '1',
        1,
        true,
        'true',
        'x',
        'X',
        'x ',
        'x\u0000',
        'x\u0000y',
        'é',
        'e\u0301',
        '',
        0,
        false,
        [1],
        ['1'],
        {},
      ]
      const collection = await filled(
        store,
        values.map((email, at) => ({ id: String(at), email })),
        spec,
      )
      expect(await collection.count()).toBe(values.length)
      for (const email of values)
        await expect(collection.insert({ id: 'z', email })).rejects.toMatchObject({ code: 'conflict' })
    })

    it('have one winner in a race', async () => {
      const collection = things(store, spec)
      const results = await Promise.allSettled(
        Array.from({ length: 30 }, (_, at) => collection.insert({ id: String(at), email: 'x' })),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await collection.count({ field: 'email', eq: 'x' })).toBe(1)
    })
  })
}
