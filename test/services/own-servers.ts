import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { mongo } from './mongo.ts'
import { startAggregateProxy } from './mongo-stand-in/aggregate-proxy.ts'
import { standInOptions, startJavaServer } from './mongo-stand-in/java-server.ts'
import { findProgram, keptPorts, type Program, startProgram, temporaryFolder } from './program.ts'
import { redisUrl, startRedisServer } from './redis-server.ts'

/** A server of one test alone, which stops it and starts it again at the same address. */
export interface OwnServer {
  readonly url: string
  start(): Promise<void>
  /** Does nothing to one that does not run. */
  stop(): Promise<void>
  /** Stops it, and removes what it kept. */
  remove(): Promise<void>
}

export const hasMongoProgram = mongo.isInstalled()

/** A Redis that has forgotten everything when it comes back. */
export async function anOwnRedis(): Promise<OwnServer> {
  const place = { port: await keptPorts(1), password: randomBytes(12).toString('hex') }
  return restartable(
    redisUrl(place),
    () => startRedisServer(place),
    () => {},
  )
}

/** A MongoDB, or what stands in for it, that keeps what was written when it is stopped. */
export async function anOwnMongo(): Promise<OwnServer> {
  const data = temporaryFolder('mongo-data')
  const port = await keptPorts(1)
  const command = findProgram('mongod')
  const url = `mongodb://127.0.0.1:${port}/?${command ? 'directConnection=true' : standInOptions}`
  const start = command ? () => startMongod({ command, data, port, url }) : () => startStandIn(port, data)
  return restartable(url, start, () => rmSync(data, { recursive: true, force: true }))
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

async function greetMongo(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1000 })
  try {
    await client.db('admin').command({ ping: 1 })
  } finally {
    await client.close()
  }
}
