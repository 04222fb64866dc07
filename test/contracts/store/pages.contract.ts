import { beforeEach, describe, expect, it } from 'vitest'
import type { Collection, Filter, Store } from '../../../src/store/index.ts'
import { type Doc, filled, type StoreUnderTest, things } from './fixture.ts'

/** Order, limits and pages; the names of collections and fields. */
export function pagesContract(current: () => StoreUnderTest): void {
  let store: Store
  beforeEach(() => {
    store = current().store
  })

  describe('order and pages', () => {
    /** Pages until one is not full; fails when a document comes twice. */
    async function pages(collection: Collection<Doc>, limit: number, rest: { filter?: Filter; sort?: Sort }) {
      const ids: string[] = []
      for (;;) {
        const page = await collection.find(rest.filter, { sort: rest.sort, limit, after: ids.at(-1) } as never)
        ids.push(...page.map(({ doc }) => doc.id))
        expect(new Set(ids).size).toBe(ids.length)
        if (page.length < limit) return ids
      }
    }
    type Sort = { field: string; order: 'asc' | 'desc' }

    it('put nothing before numbers before texts, ties by id', async () => {
      const { find } = await filled(store, [
        { id: 't2', v: 'b' },
        { id: 't1', v: 'B' },
        { id: 'n3', v: 10 },
        { id: 'n2', v: 9 },
        { id: 'n1', v: -1.5 },
        { id: 'z2', v: null },
        { id: 'z1' },
        { id: 'n4', v: 10 },
      ])
      const ids = async (order: 'asc' | 'desc') =>
        (await find(undefined, { sort: { field: 'v', order } })).map(({ doc }) => doc.id)
      expect(await ids('asc')).toEqual(['z1', 'z2', 'n1', 'n2', 'n3', 'n4', 't1', 't2'])
      expect(await ids('desc')).toEqual(['t2', 't1', 'n3', 'n4', 'n2', 'n1', 'z1', 'z2'])
    })

    it('sort by id and by a dotted field', async () => {
      const { find } = await filled(store, [{ id: 'a', o: { v: 2 } }, { id: 'b', o: { v: 1 } }, { id: 'c' }])
      const ids = async (sort: Sort) => (await find(undefined, { sort })).map(({ doc }) => doc.id)
      expect(await ids({ field: 'id', order: 'desc' })).toEqual(['c', 'b', 'a'])
      expect(await ids({ field: 'o.v', order: 'asc' })).toEqual(['c', 'b', 'a'])
    })

    it('give at most the limit, nothing for 0, all without one', async () => {
      const { find } = await filled(
        store,
        Array.from({ length: 5 }, (_, n) => ({ id: `${n}` })),
      )
      expect(await find(undefined, { limit: 2 })).toHaveLength(2)
      expect(await find(undefined, { limit: 0 })).toEqual([])
      expect(await find(undefined, { limit: 100 })).toHaveLength(5)
      expect(await find(undefined, {})).toHaveLength(5)
    })

    it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null])('refuse the limit %j', async (limit) => {
      await expect(things(store).find(undefined, { limit: limit as number })).rejects.toMatchObject({
        code: 'internal',
      })
    })

    it.each([
      { field: "v' --", order: 'asc' },
      { field: 'v', order: 'asc; drop table' },
    ])('refuse to sort by %j', async (sort) => {
      await expect(things(store).find(undefined, { sort: sort as Sort })).rejects.toMatchObject({ code: 'internal' })
    })

    it('reach each of 1,000 documents once, whatever the order, among ties, nulls and types', async () => {
      const values = [undefined, null, 1, 2, 2.5, 'a', 'b', true, false, [1], { a: 1 }]
      const docs = Array.from({ length: 1000 }, (_, n) => ({
        id: `d${(n * 7919) % 1000}`,
        v: values[n % values.length],
        w: n % 3,
      }))
      const collection = await filled(store, docs, { indexes: ['v'] })
      for (const field of ['v', 'w', 'id', 'absent']) {
        for (const order of ['asc', 'desc'] as const) {
          const whole = (await collection.find(undefined, { sort: { field, order } })).map(({ doc }) => doc.id)
          expect(whole).toHaveLength(1000)
          expect(await pages(collection, 90, { sort: { field, order } })).toEqual(whole)
        }
      }
      expect(await pages(collection, 100, {})).toEqual(docs.map(({ id }) => id).sort())
      const filter: Filter = { field: 'w', eq: 1 }
      expect(await pages(collection, 7, { filter, sort: { field: 'v', order: 'desc' } })).toHaveLength(333)
    })

    it('neither repeat nor miss what stays, while others come and go', async () => {
      const collection = await filled(
        store,
        Array.from({ length: 20 }, (_, n) => ({ id: `d${10 + n}`, v: n % 2 })),
      )
      const sort: Sort = { field: 'v', order: 'asc' }
      const first = await collection.find(undefined, { sort, limit: 5 })
      await collection.remove('d10')
      await collection.remove('d29')
      await collection.insert({ id: 'd00', v: 0 })
      await collection.insert({ id: 'd99', v: 1 })
      const rest = await collection.find(undefined, { sort, after: first.at(-1)!.doc.id })
      const ids = [...first, ...rest].map(({ doc }) => doc.id)
      expect(new Set(ids).size).toBe(ids.length)
      for (let n = 11; n < 29; n++) expect(ids).toContain(`d${n}`)
      expect(rest.map(({ doc }) => doc.id)).toContain('d99')
    })

    it('continue after a removed document in the order of ids, and say so in any other', async () => {
      const collection = await filled(store, [
        { id: 'a', v: 1 },
        { id: 'b', v: 1 },
        { id: 'c', v: 1 },
      ])
      await collection.remove('b')
      expect((await collection.find(undefined, { after: 'b' })).map(({ doc }) => doc.id)).toEqual(['c'])
      for (const after of ['b', '', '\ud800']) {
        const page = collection.find(undefined, { sort: { field: 'v', order: 'asc' }, after })
        await expect(page).rejects.toMatchObject({ code: 'invalid_request' })
      }
    })
  })

  describe('collections', () => {
    it('are the same wherever they are opened, and apart from each other', async () => {
      await things(store).insert({ id: 'a' })
      expect(await things(store).count()).toBe(1)
      expect(await store.collection({ name: 'others' }).count()).toBe(0)
      expect(await store.collection({ name: 'thing' }).count()).toBe(0)
    })

    it('cannot be described in two ways', () => {
      things(store)
      expect(() => things(store, { unique: ['email'] })).toThrow(expect.objectContaining({ code: 'internal' }))
    })

    it.each([
      '',
      'Things',
      'a-b',
      'a b',
      'a"; drop table x; --',
      '1a',
      '_a',
      'a.b',
      '../a',
      '__proto__',
      'é',
      'a'.repeat(64),
    ])('cannot be called %j', (bad) => {
      expect(() => store.collection({ name: bad })).toThrow(expect.objectContaining({ code: 'internal' }))
    })

    it.each(['', 'a b', "a'", 'a"', '$where', 'a..b', 'a\n'])('cannot have an index on %j', (field) => {
      expect(() => store.collection({ name: 'bad', indexes: [field] })).toThrow(
        expect.objectContaining({ code: 'internal' }),
      )
      expect(() => store.collection({ name: 'bad', unique: [field] })).toThrow(
        expect.objectContaining({ code: 'internal' }),
      )
    })

    it('can be called like things of a database', async () => {
      for (const word of ['meta', 'sqlite_master', 'table', 'select', 'system', 'a'.repeat(63)]) {
        const collection = store.collection<Doc>({ name: word, unique: ['order'], indexes: ['group', 'select'] })
        await collection.insert({ id: 'a', order: 1, group: 2, select: 3 })
        expect(await collection.count({ field: 'group', eq: 2 })).toBe(1)
      }
    })
  })
}
