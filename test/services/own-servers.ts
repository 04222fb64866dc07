import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { MongoClient } from 'mongodb'
import { startAggregateProxy } from './mongo-stand-in/aggregate-proxy.ts'
import { javaPrograms, standInOptions, startJavaServer } from './mongo-stand-in/java-server.ts'
import { findProgram, type Program, startProgram, temporaryFolder } from './program.ts'

/** A server of one test alone, which stops it and starts it again at the same address. */
export interface OwnServer {
  readonly url: string
  start(): Promise<void>
  /** Does nothing to one that does not run. */
  stop(): Promise<void>
  /** Stops it, and removes what it kept. */
  remove(): Promise<void>
}

export const hasRedisProgram = findProgram('redis-server') !== null
export const hasMongoProgram = findProgram('mongod') !== null || javaPrograms() !== null

/** A Redis that has forgotten everything when it comes back. */
export async function anOwnRedis(): Promise<OwnServer> {
  const port = await keptPort()
  const password = randomBytes(12).toString('hex')
  const url = `redis://:${password}@127.0.0.1:${port}/0`
  const start = () => {
    const folder = temporaryFolder('redis')
    return startProgram({
      // By its name: Debian has one program of several names, which does what it is called.
      command: 'redis-server',
      args: [
        ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder],
        ...['--save', '', '--appendonly', 'no', '--requirepass', password],
      ],
      folder,
      stopSignal: 'TERM',
      greet: () => greetRedis(url),
      patienceMs: 15_000,
    })
  }
  return restartable(url, start, () => {})
}

/** A MongoDB, or what stands in for it, that keeps what was written when it is stopped. */
export async function anOwnMongo(): Promise<OwnServer> {
  const data = temporaryFolder('mongo-data')
  const port = await keptPort()
  const command = findProgram('mongod')
  const url = `mongodb://127.0.0.1:${port}/?${command ? 'directConnection=true' : standInOptions}`
  const start = command ? () => startMongod({ command, data, port, url }) : () => startStandIn(port, data)
  return restartable(url, start, () => rmSync(data, { recursive: true, force: true }))
}

/** A port that the system gives to no connection of a client: it stays free while the server is stopped. */
async function keptPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    const server = createServer()
    const free = await once(server.listen(port, '127.0.0.1'), 'listening').then(
      () => true,
      () => false,
    )
    if (!free) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

function restartable(url: string, begin: () => Promise<Program>, forget: () => void): OwnServer {
  let running: Program | undefined
  const server: OwnServer = {
    url,
    async start() {
      running = await begin()
    },
    async stop() {
      const before = running
      running = undefined
      await before?.stop()
    },
    async remove() {
      await server.stop()
      forget()
    },
  }
  return server
}

interface Mongod {
  readonly command: string
  readonly data: string
  readonly port: number
  readonly url: string
}

function startMongod({ command, data, port, url }: Mongod): Promise<Program> {
  return startProgram({
    command,
    args: ['--dbpath', data, '--port', `${port}`, '--bind_ip', '127.0.0.1', '--nounixsocket'],
    folder: temporaryFolder('mongo'),
    stopSignal: 'TERM',
    greet: () => greetMongo(url),
    patienceMs: 30_000,
  })
}

async function startStandIn(port: number, data: string): Promise<Program> {
  const server = await startJavaServer({ file: join(data, 'kept.db') })
  if (!server) throw new Error('Java and Maven are not installed.')
  const proxy = await startAggregateProxy(server.url, port)
  return {
    async stop() {
      await proxy.close()
      await server.stop()
    },
  }
}

async function greetRedis(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.ping()
  } finally {
    client.disconnect()
  }
}

async function greetMongo(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1000 })
  try {
    await client.db('admin').command({ ping: 1 })
  } finally {
    await client.close()
  }
}
