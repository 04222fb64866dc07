import { randomBytes } from 'node:crypto'
import { type Db, type Document, Double, Long, MongoClient, MongoServerError } from 'mongodb'
import type { Column, ColumnType, Query, Value } from '../../../src/pipeline/index.ts'
import * as pipeline from '../../../src/pipeline/index.ts'
import { standInLimit } from '../../services/mongo-stand-in/aggregate-proxy.ts'
import { fixtureNow, queryOf, tablesOf } from '../prepare.ts'
import type { Table } from '../table.ts'
import type { ConformanceEngine, OpenEngine } from './engine.ts'
import { smallest } from './values.ts'

/** What the pipeline room gives for MongoDB. */
type CompileMongo = (
  query: Query,
  options: {
    readonly source: (domain: string) => { readonly collection: string; readonly columns: readonly Column[] }
    readonly now: Date
  },
) => { readonly collection: string; readonly columns: readonly Column[]; readonly stages: readonly Document[] }

/** A database of its own on a MongoDB server; dropped at the end. */
export const mongo: ConformanceEngine = {
  name: 'mongo',
  variable: 'LAPUTA_TEST_MONGO_URL',
  open: async () => {
    const compile = compileMongo()
    const client = await new MongoClient(process.env.LAPUTA_TEST_MONGO_URL ?? '').connect()
    return createMongoEngine(client, compile)
  },
}

function compileMongo(): CompileMongo {
  const found = Object.entries(pipeline).find(([name]) => name === 'compileMongo')?.[1]
  if (!found) throw new Error('src/pipeline has no compileMongo')
  return found as unknown as CompileMongo
}

function createMongoEngine(client: MongoClient, compile: CompileMongo): OpenEngine {
  const db = client.db(`laputa_${randomBytes(6).toString('hex')}`)
  return {
    run: async (fixture) => {
      const query = queryOf(fixture)
      const sources = new Map<string, { collection: string; columns: readonly Column[] }>()
      try {
        for (const [domain, table] of tablesOf(fixture, query)) {
          const collection = `t${sources.size}`
          sources.set(domain, { collection, columns: table.columns })
          await insert(db, collection, table)
        }
        const source = (domain: string) => {
          const found = sources.get(domain)
          if (!found) throw new Error(`the pipeline reads "${domain}" without saying so`)
          return found
        }
        const { collection, columns, stages } = compile(query, { source, now: fixtureNow })
        const cursor = db.collection(collection).aggregate([...stages], { useBigInt64: true })
        const documents = await cursor.toArray().catch(limitOf)
        if ('unable' in documents) return documents
        const rows = documents.map((document) => columns.map(({ name, type }) => readValue(document[name], type)))
        return { columns: columns.map(({ name, type }) => ({ name, type })), rows }
      } finally {
        for (const { collection } of sources.values()) await db.collection(collection).drop()
      }
    },
    close: async () => {
      await db.dropDatabase()
      await client.close()
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
    const members = columns.map(({ name, type }, at) => [name, toBson(row[at] ?? null, type)] as const)
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
