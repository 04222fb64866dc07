import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { type MongoPlace, mongoPlace, mongoUrl } from '../../../test/builders/mongo-rows.ts'
import { problemOf } from '../../../test/builders/problem-of.ts'
import type { Column, CompiledMongo, Condition, Pipeline, Value } from '../../pipeline/index.ts'
import type { NativeDocument, Rows } from '../index.ts'
import { plainDocuments, withNativeStages } from './native-stages.ts'

const never = new AbortController().signal
const columns: Column[] = [
  { name: 'product', type: 'text' },
  { name: 'sales', type: 'integer' },
  { name: 'price.net', type: 'number' },
  { name: '$day', type: 'date' },
  { name: '_id', type: 'boolean' },
]
const values: Value[][] = [
  ['tea', 10, 1.5, new Date('2024-01-01T00:00:00Z'), true],
  ['coffee', 14, 2, new Date('2024-02-29T12:00:00.001Z'), false],
  ['tea', 5, null, null, null],
  [null, null, -0.5, new Date('1969-12-31T23:59:59Z'), true],
]
const ofTea: Condition = { column: 'product', operator: 'eq', value: 'tea' }

describe.skipIf(!mongoUrl)('stages of native queries on MongoDB', () => {
  let place: MongoPlace
  let rows: Rows
  let version: string

  beforeAll(async () => {
    place = await mongoPlace()
    rows = await place.open()
    const request = { app: 'a', domain: 'd', columns, batches: [{ columns, rows: values }] }
    version = (await rows.write(request, never)).version
  })
  afterAll(async () => {
    await rows.close()
    await place.remove()
  })

  function asking(stages: unknown, rule: Condition = { always: true }, maxRows = 1000) {
    const engine = rows.engine(new Map([['d', version]]))
    const pipeline: Pipeline = [{ name: 'domain', domain: 'd' }]
    const query = guardedForTest(pipeline, new Map([['d', rule]]))
    const there = async (): Promise<readonly NativeDocument[] | null | undefined> =>
      engine.runStages?.({ query, stages: JSON.stringify(stages), maxRows }, never)
    const here = () => {
      const input = engine.stream(query, never)
      return rows.workbench.runStages({ stages: JSON.stringify(stages), input, others: new Map(), maxRows }, never)
    }
    return { there, here }
  }

  it.each<[string, unknown[]]>([
    ['none', []],
    ['a condition', [{ $match: { product: 'tea', sales: { $gte: 10 } } }]],
    ['a condition on a date', [{ $match: { $expr: { $gt: ['$sales', 5] } } }, { $project: { product: 1 } }]],
    [
      'groups',
      [{ $group: { _id: '$product', sales: { $sum: '$sales' }, all: { $push: '$sales' } } }, { $sort: { _id: 1 } }],
    ],
    ['names with dots and dollars', [{ $project: { _id: 0, net: { $getField: 'price.net' } } }]],
    ['objects and lists', [{ $project: { _id: 0, o: { a: ['$sales', '$product'], b: { c: '$_id' } } } }]],
    ['facets', [{ $facet: { few: [{ $limit: 1 }, { $project: { product: 1 } }], count: [{ $count: 'n' }] } }]],
    ['no rows', [{ $match: { product: 'nothing' } }]],
    ['extended JSON', [{ $addFields: { at: { $date: '2024-05-06T07:08:09Z' }, n: { $numberLong: '7' } } }]],
  ])('give the same as on the workbench: %s', async (_, stages) => {
    for (const rule of [{ always: true }, ofTea] as Condition[]) {
      const { there, here } = asking(stages, rule)
      expect(await there()).toEqual(await here())
    }
  })

  it('see the rows that the rule lets through, whatever they begin with', async () => {
    const counted = await asking([{ $group: { _id: null, n: { $sum: 1 } } }], ofTea).there()
    expect(counted).toEqual([{ _id: null, n: 2 }])
    const any = { $match: { $or: [{ product: 'coffee' }, { product: { $ne: 'coffee' } }] } }
    expect((await asking([any], ofTea).there())?.map((document) => document.product)).toEqual(['tea', 'tea'])
  })

  it('give no more than they may, and tell why they failed', async () => {
    expect((await asking([], { always: true }, 4).there())?.length).toBe(4)
    expect((await problemOf(asking([], { always: true }, 3).there())).code).toBe('too_many_rows')
    const failed = await problemOf(asking([{ $project: { x: { $toInt: '$product' } } }]).there())
    expect([failed.code, failed.message]).toEqual(['query_failed', expect.stringContaining('native query failed')])
  })

  it('are left to the workbench where they would learn about the server', async () => {
    expect(await asking([{ $project: { x: '$$USER_ROLES' } }]).there()).toBeNull()
  })
})

describe('a native query behind a compiled one', () => {
  const compiled = (name: string): CompiledMongo => ({
    collection: 'rows_1',
    columns: [{ id: 'c0', name, type: 'integer' }],
    stages: [{ $match: { c1: { $eq: 'mine' } } }, { $project: { _id: 0, c0: 1 } }],
    count: [],
  })

  it('comes after something that no condition is moved across', () => {
    const stages = withNativeStages(compiled('n'), '[{"$match":{"$expr":{"$divide":[1,"$n"]}}}]') ?? []
    const names = stages.map((stage) => Object.keys(stage)[0])
    expect(names).toEqual(['$match', '$project', '$limit', '$replaceWith', '$match'])
  })

  it('is not for columns that MongoDB cannot name', () => {
    expect(withNativeStages(compiled('n\0'), '[]')).toBeNull()
    expect(withNativeStages(compiled('n'), JSON.stringify(Array(1000).fill({ $limit: 1 })))).toBeNull()
  })
})

describe('documents of a native query', () => {
  /** Some 8 MB each, as MongoDB counts. */
  const large = { x: Array.from({ length: 700_000 }, (_, at) => at) }

  it('are no more than this process can hold: reading ends, and others have their turn meanwhile', async () => {
    let [read, turns, ended] = [0, 0, false]
    async function* batches() {
      try {
        for (; ; read++) yield [large]
      } finally {
        ended = true
      }
    }
    const counting = setInterval(() => turns++, 0)
    const failed = await problemOf(plainDocuments(batches(), 50_000))
    clearInterval(counting)
    expect([failed.code, failed.message]).toEqual(['query_failed', expect.stringContaining('64 MB of memory')])
    expect([read, ended, turns > 2]).toEqual([8, true, true])
  })

  it('are counted, and not the batches that they come in', async () => {
    async function* batches() {
      for (let n = 0; n < 3; n++) yield [{ n }, { n }]
    }
    expect((await plainDocuments(batches(), 6)).length).toBe(6)
    expect((await problemOf(plainDocuments(batches(), 5))).code).toBe('too_many_rows')
  })
})
