import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Filter, Store } from '../../../src/store/index.ts'
import { type Doc, filled, hostileTexts, type StoreUnderTest, things } from './fixture.ts'

/** The grammar of filters. */
export function filtersContract(current: () => StoreUnderTest): void {
  let store: Store
  beforeEach(() => {
    store = current().store
  })

  describe('filters', () => {
    /** One document a kind of value; its id says which. */
    const kinds: Doc[] = [
      { id: 'absent' },
      { id: 'null', v: null },
      { id: 'zero', v: 0 },
      { id: 'one', v: 1 },
      { id: 'ten', v: 10 },
      { id: 'half', v: 0.5 },
      { id: 'minus', v: -3 },
      { id: 'empty', v: '' },
      { id: 'text1', v: '1' },
      { id: 'text10', v: '10' },
      { id: 'text2', v: '2' },
      { id: 'textNull', v: 'null' },
      { id: 'textTrue', v: 'true' },
      { id: 'true', v: true },
      { id: 'false', v: false },
      { id: 'list', v: [1, '1', null, true, [2], { a: 1 }] },
      { id: 'emptyList', v: [] },
      { id: 'object', v: { a: 1 } },
      { id: 'textList', v: '[]' },
    ]
    const allIds = kinds.map(({ id }) => id)

    const cases: [filter: Filter, ids: string[]][] = [
      [{ field: 'v', eq: 1 }, ['one']],
      [{ field: 'v', eq: '1' }, ['text1']],
      [{ field: 'v', eq: 0 }, ['zero']],
      [{ field: 'v', eq: -0 }, ['zero']],
      [{ field: 'v', eq: '' }, ['empty']],
      [{ field: 'v', eq: true }, ['true']],
      [{ field: 'v', eq: false }, ['false']],
      [{ field: 'v', eq: null }, ['absent', 'null']],
      [{ field: 'v', eq: [] }, ['emptyList']],
      [{ field: 'v', eq: { a: 1 } }, ['object']],
      [{ field: 'v', eq: [1, '1', null, true, [2], { a: 1 }] }, ['list']],
      [{ field: 'v', ne: 1 }, allIds.filter((id) => id !== 'one')],
      [{ field: 'v', ne: null }, allIds.filter((id) => id !== 'absent' && id !== 'null')],
      [{ field: 'v', ne: 'nowhere' }, allIds],
      [{ field: 'v', in: [] }, []],
      [{ field: 'v', in: [1, 'true', 10] }, ['one', 'ten', 'textTrue']],
      [{ field: 'v', in: [null, true, []] }, ['absent', 'null', 'true', 'emptyList']],
      [{ field: 'v', lt: 1 }, ['zero', 'half', 'minus']],
      [{ field: 'v', gt: 0.5 }, ['one', 'ten']],
      [{ field: 'v', lt: '10' }, ['empty', 'text1']],
      [{ field: 'v', gt: '10' }, ['text2', 'textNull', 'textTrue', 'textList']],
      [{ field: 'v', gt: '' }, ['text1', 'text10', 'text2', 'textNull', 'textTrue', 'textList']],
      [{ field: 'v', exists: true }, allIds.filter((id) => id !== 'absent')],
      [{ field: 'v', exists: false }, ['absent']],
      [{ field: 'v', contains: 1 }, ['list']],
      [{ field: 'v', contains: '1' }, ['list']],
      [{ field: 'v', contains: null }, ['list']],
      [{ field: 'v', contains: true }, ['list']],
      [{ field: 'v', contains: false }, []],
      [{ field: 'v', contains: [2] }, ['list']],
      [{ field: 'v', contains: { a: 1 } }, ['list']],
      [{ field: 'v', contains: 2 }, []],
      [{ field: 'v', contains: '' }, []],
      [{ field: 'v', contains: 'a' }, []],
      [{ field: 'v.a', eq: 1 }, ['object']],
      [{ field: 'v.a.b', exists: true }, []],
      [{ field: 'id', eq: 'one' }, ['one']],
      [{ field: 'id', in: ['one', 'nowhere', 'ten'] }, ['one', 'ten']],
      [{ field: 'id', eq: 1 }, []],
      [{ field: 'id', eq: null }, []],
      [{ field: 'id', ne: 'one' }, allIds.filter((id) => id !== 'one')],
      [{ field: 'id', exists: true }, allIds],
      [{ field: 'id', lt: 'b' }, ['absent']],
      [{ field: 'id', gt: 'zer' }, ['zero']],
      [{ and: [] }, allIds],
      [{ or: [] }, []],
      [
        {
          and: [
            { field: 'v', gt: 0 },
            { field: 'v', lt: 10 },
          ],
        },
        ['one', 'half'],
      ],
      [
        {
          or: [
            { field: 'v', eq: 1 },
            {
              and: [
                { field: 'v', eq: null },
                { field: 'v', exists: true },
              ],
            },
          ],
        },
        ['one', 'null'],
      ],
      [{ field: '__proto__', exists: true }, []],
      [{ field: 'constructor', exists: true }, []],
    ]

    it.each([
      ['without indexes', {}],
      ['with an index', { indexes: ['v', 'v.a'] }],
    ])('match by value and type, %s', async (_, spec) => {
      const { idsOf, count } = await filled(store, kinds, spec)
      for (const [filter, ids] of cases) {
        expect([filter, await idsOf(filter)]).toEqual([filter, [...ids].sort()])
        expect([filter, await count(filter)]).toEqual([filter, ids.length])
      }
    })

    it('find every document, in the order of ids, when there is none', async () => {
      const { idsOf, count } = await filled(store, kinds)
      expect(await idsOf()).toEqual([...allIds].sort())
      expect(await count()).toBe(kinds.length)
    })

    it.each(hostileTexts)('take %j for a text and for nothing else', async (text) => {
      const { idsOf } = await filled(store, [
        { id: 'hit', v: text, list: ['x', text], at: { v: text } },
        { id: 'other', v: 'x', list: ['x'] },
      ])
      expect(await idsOf({ field: 'v', eq: text })).toEqual(['hit'])
      expect(await idsOf({ field: 'v', ne: text })).toEqual(['other'])
      expect(await idsOf({ field: 'v', in: [text] })).toEqual(['hit'])
      expect(await idsOf({ field: 'list', contains: text })).toEqual(['hit'])
      expect(await idsOf({ field: 'at', eq: { v: text } })).toEqual(['hit'])
      expect(await idsOf({ field: 'v', lt: text })).toEqual('x' < text ? ['other'] : [])
      expect(await idsOf({ field: 'v', gt: text })).toEqual('x' > text ? ['other'] : [])
    })

    it('agree with plain comparisons of numbers and texts', async () => {
      const collection = things(store, { indexes: ['v'] })
      const value = fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.string({ maxLength: 4 }),
      )
      const values = fc.sample(value, { numRuns: 60, seed: 4 })
      for (const [at, v] of values.entries()) await collection.insert({ id: String(at), v })
      await fc.assert(
        fc.asyncProperty(fc.oneof(fc.constantFrom(...values), value), async (given) => {
          const v = typeof given === 'number' ? given : given.slice(0, 3)
          const expected = (test: (other: number | string) => boolean) => values.filter(test).length
          const sameType = (other: unknown) => typeof other === typeof v
          expect(await collection.count({ field: 'v', eq: v })).toBe(expected((other) => other === v))
          expect(await collection.count({ field: 'v', lt: v })).toBe(expected((other) => sameType(other) && other < v))
          expect(await collection.count({ field: 'v', gt: v })).toBe(expected((other) => sameType(other) && other > v))
        }),
        { numRuns: 100 },
      )
    })

    it('compare numbers to the last digit', async () => {
      const { idsOf } = await filled(store, [
        { id: 'a', v: Number.MAX_SAFE_INTEGER },
        { id: 'b', v: Number.MAX_SAFE_INTEGER - 1 },
        { id: 'c', v: 0.1 + 0.2 },
        { id: 'd', v: 0.3 },
        { id: 'e', v: 1e300 },
        { id: 'f', v: 5e-324 },
      ])
      expect(await idsOf({ field: 'v', eq: Number.MAX_SAFE_INTEGER })).toEqual(['a'])
      expect(await idsOf({ field: 'v', eq: 0.3 })).toEqual(['d'])
      expect(await idsOf({ field: 'v', gt: 0.3 })).toEqual(['a', 'b', 'c', 'e'])
      expect(await idsOf({ field: 'v', eq: 5e-324 })).toEqual(['f'])
    })

    it('take long lists and many parts', async () => {
      const { idsOf } = await filled(store, [
        { id: 'a', v: 49_999 },
        { id: 'b', v: -1 },
      ])
      const many = Array.from({ length: 50_000 }, (_, n) => n)
      expect(await idsOf({ field: 'v', in: many })).toEqual(['a'])
      expect(await idsOf({ or: many.slice(49_000).map((n) => ({ field: 'v', eq: n })) })).toEqual(['a'])
    })

    it.each<[string, unknown]>([
      ['null', null],
      ['a text', 'v = 1'],
      ['an operator of a database', { $where: 'true' }],
      ['an operator as value of a field', { v: { $ne: 1 } }],
      ['no comparison', { field: 'v' }],
      ['an unknown comparison', { field: 'v', like: '%' }],
      ['two comparisons', { field: 'v', eq: 1, ne: 2 }],
      ['a comparison with undefined', { field: 'v', eq: undefined }],
      ['undefined in a list', { field: 'v', in: [undefined] }],
      ['a text for a list', { field: 'v', in: 'abc' }],
      ['less than nothing', { field: 'v', lt: null }],
      ['less than true', { field: 'v', lt: true }],
      ['not a number', { field: 'v', eq: Number.NaN }],
      ['beyond all numbers', { field: 'v', lt: Number.POSITIVE_INFINITY }],
      ['exists as a text', { field: 'v', exists: 'no' }],
      ['and of no list', { and: {} }],
      ['and with or', { and: [], or: [] }],
      ['a part that is no filter', { and: [{ field: 'v', eq: 1 }, undefined] }],
      ['a quote in a field', { field: 'v"', eq: 1 }],
      ['SQL in a field', { field: "v' or 1=1 --", eq: 1 }],
      ['an operator as field', { field: '$where', eq: 1 }],
      ['an empty field', { field: '', eq: 1 }],
      ['an empty part of a field', { field: 'a..b', eq: 1 }],
      ['a field that is no text', { field: ['v'], eq: 1 }],
      ['NUL in a field', { field: 'v\u0000', eq: 1 }],
      ['a line end in a field', { field: 'v\n', eq: 1 }],
    ])('refuse %s rather than match everything', async (_, filter) => {
      const { find, count } = await filled(store, kinds)
      await expect(find(filter as Filter)).rejects.toMatchObject({ code: 'internal' })
      await expect(count(filter as Filter)).rejects.toMatchObject({ code: 'internal' })
    })

    it('refuse a nesting without end', async () => {
      let filter: Filter = { field: 'v', eq: 1 }
      for (let depth = 0; depth < 10_000; depth++) filter = { and: [filter] }
      await expect(things(store).find(filter)).rejects.toMatchObject({ code: 'internal' })
    })
  })
}
