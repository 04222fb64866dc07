import { randomBytes } from 'node:crypto'
import { type Db, Long, MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mongo } from './mongo.ts'

const url = process.env[mongo.variable]

/** What tests rely on, whichever server answers: MongoDB, or what stands in for it. */
describe.skipIf(!url)('the MongoDB of the tests', () => {
  const client = new MongoClient(url ?? 'mongodb://127.0.0.1')
  let db: Db
  beforeAll(async () => {
    await client.connect()
    db = client.db(`laputa_${randomBytes(6).toString('hex')}`)
  })
  afterAll(async () => {
    await db.dropDatabase()
    await client.close()
  })

  it('aggregates over its own and other collections', async () => {
    await db.collection('sales').insertMany([
      { shop: 'a', n: 1 },
      { shop: 'b', n: 2.5 },
      { shop: 'a', n: Long.fromNumber(3) },
    ])
    await db.collection('shops').insertMany([{ shop: 'a', city: 'Paris' }])
    const rows = await db
      .collection('sales')
      .aggregate([
        { $group: { _id: '$shop', n: { $sum: '$n' } } },
        { $lookup: { from: 'shops', localField: '_id', foreignField: 'shop', as: 'found' } },
        { $unionWith: { coll: 'shops', pipeline: [{ $project: { _id: '$city' } }] } },
        { $sort: { _id: 1 } },
        { $project: { n: 1, city: { $arrayElemAt: ['$found.city', 0] } } },
      ])
      .toArray()
    expect(rows).toEqual([
      { _id: 'Paris', city: null },
      { _id: 'a', n: 4, city: 'Paris' },
      { _id: 'b', n: 2.5 },
    ])
  })

  it('computes over windows', async () => {
    await db.collection('windows').insertMany([1, 2, 3].map((n) => ({ _id: n as never, n })))
    const output = { sum: { $sum: '$n', window: { documents: ['unbounded', 'current'] } } }
    const rows = await db
      .collection('windows')
      .aggregate([{ $setWindowFields: { sortBy: { n: 1 }, output } }, { $sort: { n: 1 } }])
      .toArray()
    expect(rows.map(({ sum }) => sum)).toEqual([1, 3, 6])
  })

  it('answers an aggregation that is wrong with an error, and the next one too', async () => {
    await expect(
      db
        .collection('sales')
        .aggregate([{ $nothing: {} }])
        .toArray(),
    ).rejects.toThrow()
    expect(
      await db
        .collection('sales')
        .aggregate([{ $count: 'n' }])
        .toArray(),
    ).toEqual([{ n: 3 }])
  })

  it('never gives a document to two callers of findOneAndUpdate', async () => {
    await db.collection('jobs').insertMany(Array.from({ length: 50 }, () => ({ taken: false })))
    const take = () => db.collection('jobs').findOneAndUpdate({ taken: false }, { $set: { taken: true } })
    const taken = await Promise.all(Array.from({ length: 60 }, take))
    const ids = taken.filter((job) => job !== null).map(({ _id }) => String(_id))
    expect(new Set(ids).size).toBe(50)
    expect(ids).toHaveLength(50)
  })

  it('keeps integers of 64 bits', async () => {
    const collection = db.collection('integers')
    await collection.insertOne({ n: Long.fromString('9007199254740993') })
    const [found] = await collection.find({}, { useBigInt64: true }).toArray()
    expect(found?.n).toBe(9007199254740993n)
  })
})
