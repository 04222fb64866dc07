import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { BSON, type Document, MongoClient } from 'mongodb'
import { type AggregateThreads, createAggregateThreads } from './aggregate-threads.ts'
import type { AggregateMessage } from './aggregate-worker.ts'

export interface AggregateProxy {
  readonly port: number
  close(): Promise<void>
}

/** OP_MSG: header of 16 bytes, 4 bytes of flags, then a section that begins with its kind. */
const opMsg = 2013
const headerLength = 16
const bodyStart = headerLength + 4 + 1

/**
 * Speaks MongoDB's protocol to drivers on a port of 127.0.0.1 (0: a free one) and passes everything on to the server behind it, except
 * `aggregate`, which it answers itself with mingo over the documents of the collections that the pipeline reads. For tests only.
 */
export async function startAggregateProxy(backingUrl: string, port = 0): Promise<AggregateProxy> {
  const client = await new MongoClient(backingUrl).connect()
  const { hostname, port: backingPort } = new URL(backingUrl)
  const sockets = new Set<Socket>()
  const threads = createAggregateThreads()
  const server = createServer((driver) => {
    const backing = connect(Number(backingPort), hostname)
    const gone = new AbortController()
    backing.pipe(driver)
    passOn(driver, async (message) => {
      const command = aggregateIn(message)
      if (!command) backing.write(message)
      else driver.write(replyTo(message, await answer({ client, threads, message, command, signal: gone.signal })))
    })
    const end = () => {
      gone.abort()
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
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
      await threads.close()
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

interface Aggregation {
  readonly client: MongoClient
  readonly threads: AggregateThreads
  readonly message: Buffer
  readonly command: Document
  /** Aborts when the driver closes its connection: then nobody wants the answer. */
  readonly signal: AbortSignal
}

async function answer({ client, threads, message, command, signal }: Aggregation): Promise<Uint8Array> {
  const collections = await collectionsFor(client, command)
  const body = message.subarray(bodyStart, bodyStart + message.readInt32LE(bodyStart))
  return threads.run(
    { command: new Uint8Array(body), collections },
    { signal, maxTimeMs: Number(command.maxTimeMS ?? 0) },
  )
}

/** What a pipeline reads: with its own collection each one that it names. */
async function collectionsFor(client: MongoClient, command: Document): Promise<AggregateMessage['collections']> {
  const db = client.db(String(command.$db))
  const names = new Set([String(command.aggregate), ...collectionsOf(command.pipeline)])
  const found = [...names].map(async (name): Promise<AggregateMessage['collections'][number]> => {
    const documents = await db.collection(name).find({}, { raw: true }).toArray()
    return [name, documents as unknown as Uint8Array[]]
  })
  return Promise.all(found)
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

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function replyTo(request: Buffer, body: Uint8Array): Buffer {
  const message = Buffer.alloc(bodyStart + body.length)
  message.writeInt32LE(message.length, 0)
  message.writeInt32LE(request.readInt32LE(4), 8)
  message.writeInt32LE(opMsg, 12)
  message.set(body, bodyStart)
  return message
}
