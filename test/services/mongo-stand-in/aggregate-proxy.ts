import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { aggregate } from 'mingo'
import { BSON, type Document, MongoClient } from 'mongodb'

export interface AggregateProxy {
  readonly port: number
  close(): Promise<void>
}

/** OP_MSG: header of 16 bytes, 4 bytes of flags, then a section that begins with its kind. */
const opMsg = 2013
const headerLength = 16
const bodyStart = headerLength + 4 + 1

/**
 * Speaks MongoDB's protocol to drivers on a free port of 127.0.0.1 and passes everything on to the server behind it, except
 * `aggregate`, which it answers itself with mingo over the documents of the collections that the pipeline reads. For tests only.
 */
export async function startAggregateProxy(backingUrl: string): Promise<AggregateProxy> {
  const client = await new MongoClient(backingUrl).connect()
  const { hostname, port: backingPort } = new URL(backingUrl)
  const sockets = new Set<Socket>()
  const server = createServer((driver) => {
    const backing = connect(Number(backingPort), hostname)
    backing.pipe(driver)
    passOn(driver, async (message) => {
      const command = aggregateIn(message)
      if (!command) backing.write(message)
      else driver.write(replyTo(message, await answer(client, command)))
    })
    const end = () => {
      for (const socket of [driver, backing]) {
        socket.destroy()
        sockets.delete(socket)
      }
    }
    for (const socket of [driver, backing]) {
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
      await client.close()
    },
  }
}

/** Cuts the stream into messages and handles one after the other, so that replies keep the order of the requests. */
function passOn(driver: Socket, handle: (message: Buffer) => Promise<void>): void {
  let pending = Buffer.alloc(0)
  let queue = Promise.resolve()
  driver.on('data', (chunk) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= headerLength && pending.length >= pending.readInt32LE(0)) {
      const message = Buffer.from(pending.subarray(0, pending.readInt32LE(0)))
      pending = pending.subarray(message.length)
      queue = queue.then(() => handle(message)).catch(() => void driver.destroy())
    }
  })
}

/** The command in a message when it is an aggregation that only reads. */
function aggregateIn(message: Buffer): Document | undefined {
  if (message.readInt32LE(12) !== opMsg || message[bodyStart - 1] !== 0) return undefined
  const body = message.subarray(bodyStart, bodyStart + message.readInt32LE(bodyStart))
  const command = BSON.deserialize(body, { useBigInt64: true })
  const last: unknown = Array.isArray(command.pipeline) ? command.pipeline.at(-1) : undefined
  const writes = typeof last === 'object' && last !== null && ('$out' in last || '$merge' in last)
  return typeof command.aggregate === 'string' && !writes ? command : undefined
}

async function answer(client: MongoClient, command: Document): Promise<Document> {
  try {
    return {
      cursor: { id: BSON.Long.ZERO, ns: `${command.$db}.${command.aggregate}`, firstBatch: await run(client, command) },
      ok: 1,
    }
  } catch (error) {
    const errmsg = error instanceof Error ? error.message : String(error)
    return { ok: 0, code: 16436, codeName: errmsg === beyondNumbers ? standInLimit : 'StandIn', errmsg }
  }
}

async function run(client: MongoClient, command: Document): Promise<Document[]> {
  const db = client.db(String(command.$db))
  const documents = new Map<string, Document[]>()
  for (const name of new Set([String(command.aggregate), ...collectionsOf(command.pipeline)])) {
    const found = await db.collection(name).find({}, { useBigInt64: true }).toArray()
    documents.set(name, found.map(forMingo))
  }
  // Its constants may well be bounds of 64 bits, to be compared with smaller numbers.
  const pipeline = mapIntegers(command.pipeline, Number) as Document[]
  return aggregate(documents.get(String(command.aggregate)) ?? [], pipeline, {
    collectionResolver: (name) => documents.get(name) ?? [],
    // mingo wants it for $setWindowFields.
    scriptEnabled: true,
  })
}

/** Every collection that a pipeline reads beside its own. */
function collectionsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(collectionsOf)
  if (!isPlain(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = collectionNamed(key, inner)
    return [...(typeof name === 'string' ? [name] : []), ...collectionsOf(inner)]
  })
}

function collectionNamed(stage: string, inner: unknown): unknown {
  if (stage === '$unionWith') return isPlain(inner) ? inner.coll : inner
  const isLookup = stage === '$lookup' || stage === '$graphLookup'
  return isLookup && isPlain(inner) ? inner.from : undefined
}

/** The code of the refusal to compute what mingo would compute wrongly. */
export const standInLimit = 'StandInLimit'
const beyondNumbers = 'mingo cannot compute with integers beyond 2^53'

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

function replyTo(request: Buffer, document: Document): Buffer {
  const body = BSON.serialize(document, { ignoreUndefined: true })
  const message = Buffer.alloc(bodyStart + body.length)
  message.writeInt32LE(message.length, 0)
  message.writeInt32LE(request.readInt32LE(4), 8)
  message.writeInt32LE(opMsg, 12)
  message.set(body, bodyStart)
  return message
}
