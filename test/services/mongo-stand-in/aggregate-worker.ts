import { parentPort } from 'node:worker_threads'
import { aggregate } from 'mingo'
import { BSON, type Document } from 'mongodb'
import { standInLimit } from './stand-in-limit.ts'

/** A command, and the documents of the collections that it reads, all as BSON. */
export interface AggregateMessage {
  readonly command: Uint8Array
  readonly collections: readonly (readonly [name: string, documents: readonly Uint8Array[]])[]
}

const beyondNumbers = 'mingo cannot compute with integers beyond 2^53'

parentPort?.on('message', (message: AggregateMessage) => {
  parentPort?.postMessage(BSON.serialize(answer(message), { ignoreUndefined: true }))
})

function answer(message: AggregateMessage): Document {
  const command = BSON.deserialize(message.command, { useBigInt64: true })
  try {
    const ns = `${command.$db}.${command.aggregate}`
    return { cursor: { id: BSON.Long.ZERO, ns, firstBatch: run(command, message.collections) }, ok: 1 }
  } catch (error) {
    const errmsg = error instanceof Error ? error.message : String(error)
    return { ok: 0, code: 16436, codeName: errmsg === beyondNumbers ? standInLimit : 'StandIn', errmsg }
  }
}

function run(command: Document, collections: AggregateMessage['collections']): Document[] {
  const prepare = onlyCarries(command.pipeline) ? (document: Document) => document : forMingo
  const documents = new Map(
    collections.map(([name, found]) => [
      name,
      found.map((bytes) => prepare(BSON.deserialize(bytes, { useBigInt64: true }))),
    ]),
  )
  // Its constants may well be bounds of 64 bits, to be compared with smaller numbers.
  const pipeline = mapIntegers(command.pipeline, Number) as Document[]
  return aggregate(documents.get(String(command.aggregate)) ?? [], pipeline, {
    collectionResolver: (name) => documents.get(name) ?? [],
    // mingo wants it for $setWindowFields.
    scriptEnabled: true,
  })
}

/** Whether a pipeline gives values as they are and computes with none, so that mingo can be given any. */
function onlyCarries(pipeline: unknown): boolean {
  return Array.isArray(pipeline) && pipeline.every((stage) => isPlain(stage) && Object.entries(stage).every(isCarrying))
}

function isCarrying([name, value]: [string, unknown]): boolean {
  if (name === '$sort') return isPlain(value) && Object.keys(value).join() === '_id'
  if (name === '$project') return isPlain(value) && Object.values(value).every((shown) => Number(shown) <= 1)
  return ['$skip', '$limit', '$count'].includes(name)
}

/** Documents for mingo, which knows only JavaScript's numbers and ignores others in sums and comparisons. Errors: an integer is none. */
function forMingo(value: Document): Document {
  return mapIntegers(value, (integer) => {
    const number = Number(integer)
    if (!Number.isSafeInteger(number)) throw new Error(beyondNumbers)
    return number
  }) as Document
}

function mapIntegers(value: unknown, map: (integer: bigint) => number): unknown {
  if (typeof value === 'bigint') return map(value)
  if (Array.isArray(value)) return value.map((item) => mapIntegers(item, map))
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, mapIntegers(member, map)]))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
