import { randomBytes } from 'node:crypto'
import { type Db, Double, Long, MongoClient, MongoServerError } from 'mongodb'
import {
  type ColumnType,
  compileMongo,
  type MongoSource,
  mongoSteps,
  type Query,
  settleQuery,
  type Value,
} from '../../../src/pipeline/index.ts'
import { openTestBench, type TestBench } from '../../builders/test-bench.ts'
import { standInName } from '../../services/mongo-stand-in/stand-in.ts'
import { standInLimit } from '../../services/mongo-stand-in/stand-in-limit.ts'
import { fixtureNow, queryOf, tablesOf } from '../prepare.ts'
import type { Table } from '../table.ts'
import type { ConformanceEngine, OpenEngine } from './engine.ts'
import { smallest } from './values.ts'

/** What mingo, in the stand-in, does otherwise than MongoDB: it orders texts by UTF-16 units. */
const orderedByUtf16 = ['filter/texts_compare_by_code_point.yaml', 'sort/texts_by_code_point.yaml']

/** A database of its own on a MongoDB server; dropped at the end. */
export const mongo: ConformanceEngine = {
  name: 'mongo',
  variable: 'LAPUTA_TEST_MONGO_URL',
  open: async () => {
    const url = process.env.LAPUTA_TEST_MONGO_URL ?? ''
    return createMongoEngine(await new MongoClient(url).connect(), url.includes(standInName), await openTestBench())
  },
}

/** Columns have generated names in a collection, as they have in the product. */
const idAt = (position: number) => `c${position}`

function createMongoEngine(client: MongoClient, isStandIn: boolean, bench: TestBench): OpenEngine {
  const db = client.db(`laputa_${randomBytes(6).toString('hex')}`)
  return {
    run: async (fixture) => {
      if (isStandIn && orderedByUtf16.includes(fixture.file)) return { unable: 'mingo orders texts by UTF-16 units' }
      const query = queryOf(fixture)
      const sources = new Map<string, MongoSource>()
      try {
        for (const [domain, table] of tablesOf(fixture, query)) {
          const collection = `t${sources.size}`
          const columns = table.columns.map((column, position) => ({ ...column, id: idAt(position) }))
          sources.set(domain, { collection, columns })
          await insert(db, collection, table)
        }
        const source = (domain: string) => {
          const found = sources.get(domain)
          if (!found) throw new Error(`the pipeline reads "${domain}" without saying so`)
          return found
        }
        const answer = async (asked: Query): Promise<Table> => {
          const { collection, columns, stages } = compileMongo(asked, { source, now: fixtureNow })
          const cursor = db.collection(collection).aggregate([...stages], { useBigInt64: true, allowDiskUse: true })
          const documents = await cursor.toArray()
          const rows = documents.map((document) => columns.map(({ id, type }) => readValue(document[id], type)))
          return { columns: columns.map(({ name, type }) => ({ name, type })), rows }
        }
        return await bench.run(query, mongoSteps, async (part) =>
          answer(
            await settleQuery(part, async (question) => (await answer(question)).rows.map(([value = null]) => value)),
          ),
        )
      } catch (error) {
        return limitOf(error)
      } finally {
        for (const { collection } of sources.values()) await db.collection(collection).drop()
      }
    },
    close: async () => {
      await db.dropDatabase()
      await client.close()
      await bench.close()
    },
  }
}

/** What the stand-in for MongoDB refuses, because it would answer wrongly, is not an error of ours. */
function limitOf(error: unknown): { unable: string } {
  if (error instanceof MongoServerError && error.codeName === standInLimit) return { unable: error.message }
  throw error
}

/** Rows as documents whose `_id` numbers them. Every other row leaves its nulls out: absent means null. */
async function insert(db: Db, collection: string, { columns, rows }: Table): Promise<void> {
  await db.createCollection(collection)
  const documents = rows.map((row, index): { _id: number } => {
    const members = columns.map(({ type }, at) => [idAt(at), toBson(row[at] ?? null, type)] as const)
    const kept = members.filter(([, value]) => value !== null || index % 2 === 0)
    return { _id: index, ...Object.fromEntries(kept) }
  })
  if (documents.length > 0) await db.collection<{ _id: number }>(collection).insertMany(documents)
}

function toBson(value: Value, type: ColumnType): unknown {
  if (type === 'integer' && (typeof value === 'number' || typeof value === 'bigint'))
    return Long.fromBigInt(BigInt(value))
  return type === 'number' && typeof value === 'number' ? new Double(value) : value
}

/** Numbers come as they were computed; what a column says decides how they are meant. */
function readValue(value: unknown, type: ColumnType): Value {
  if (value === null || value === undefined) return null
  if (typeof value === 'bigint') return type === 'number' ? Number(value) : smallest(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'string' || typeof value === 'boolean' || value instanceof Date) return value
  throw new Error(`the engine gave a value of type ${typeof value}`)
}
