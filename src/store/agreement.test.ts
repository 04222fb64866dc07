import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Doc } from '../../test/contracts/store/fixture.ts'
import { mongoSettings } from '../../test/contracts/store/mongo-settings.ts'
import { type Json, silentLog, systemClock } from '../base/index.ts'
import { type Filter, type FindOptions, openStore, type Store } from './index.ts'

const url = process.env.LAPUTA_TEST_MONGO_URL

describe.skipIf(!url)('sqlite and mongo', () => {
  const database = `laputa_agree_${randomBytes(6).toString('hex')}`
  const settings = mongoSettings({ url: url ?? '', database })
  const deps = { clock: systemClock, log: silentLog }
  let home: string
  let stores: Store[]
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'laputa-agree-'))
    stores = [
      await openStore({ kind: 'sqlite', home }, deps),
      await openStore({ kind: 'mongo', mongo: settings }, deps),
    ]
  })
  afterAll(async () => {
    for (const store of stores) await store.close()
    const client = await new MongoClient(settings.url).connect()
    await client.db(database).dropDatabase()
    await client.close()
    await rm(home, { recursive: true })
  })

  // Characters whose order is the same in UTF-16, as the stand-in compares, and in UTF-8.
  const text = fc.string({ maxLength: 3, unit: fc.constantFrom('a', 'B', 'é', '\u0000', '\u0001', '[', 's', 't', '.') })
  const scalar = fc.oneof(
    text,
    fc.integer({ min: -3, max: 12 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
  )
  const value: fc.Arbitrary<Json> = fc.oneof(
    { weight: 4, arbitrary: scalar },
    fc.array(scalar, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), scalar, { maxKeys: 2 }),
  )
  const field = fc.constantFrom('v', 'w', 'v.a', 'w.b', 'id', 'v.__proto__', 'none')

  const leaf: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({ field, eq: value }),
    fc.record({ field, ne: value }),
    fc.record({ field, in: fc.array(value, { maxLength: 3 }) }),
    fc.record({ field, lt: fc.oneof(text, fc.integer({ min: -3, max: 12 })) }),
    fc.record({ field, gt: fc.oneof(text, fc.integer({ min: -3, max: 12 })) }),
    fc.record({ field, exists: fc.boolean() }),
    fc.record({ field, contains: value }),
  )
  const filter: fc.Arbitrary<Filter> = fc.oneof(
    leaf,
    fc.record({ and: fc.array(leaf, { maxLength: 3 }) }),
    fc.record({ or: fc.array(leaf, { maxLength: 3 }) }),
  )

  it('find the same documents in the same order, page by page', async () => {
    const some = fc.record({ v: value, w: value }, { requiredKeys: [] })
    const docs = fc.sample(some, { numRuns: 150, seed: 11 }).map((doc, at) => ({ id: `d${(at * 71) % 150}`, ...doc }))
    const collections = stores.map((store) => store.collection<Doc>({ name: 'things', indexes: ['v'] }))
    for (const collection of collections) await Promise.all(docs.map((doc) => collection.insert(doc)))
    const pages = async (where: Filter, options: FindOptions) =>
      Promise.all(collections.map(async (collection) => (await collection.find(where, options)).map(({ doc }) => doc)))

    await fc.assert(
      fc.asyncProperty(
        filter,
        fc.record({ field, order: fc.constantFrom('asc', 'desc') }),
        fc.nat(149),
        async (where, sort, last) => {
          const [whole, same] = await pages(where, { sort })
          expect(same).toEqual(whole)
          const [page, samePage] = await pages(where, { sort, after: `d${last}`, limit: 20 })
          expect(samePage).toEqual(page)
          expect(await collections[1]?.count(where)).toBe(whole?.length)
        },
      ),
      { numRuns: 150 },
    )
  })
})
