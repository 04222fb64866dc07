import { Redis } from 'ioredis'
import { findProgram, type Program, startProgram, temporaryFolder } from './program.ts'

export interface RedisServerOptions {
  readonly port: number
  /** Default: none is wanted. */
  readonly password?: string
  readonly args?: readonly string[]
  /** A configuration file in the place of what a server of tests has in common: a sentinel knows none of that. */
  readonly file?: string
}

export interface RedisServer extends Program {
  /** Its folder, which is removed when it has ended. */
  readonly folder: string
}

export const hasRedisProgram = isRedisInstalled()

/** Asked anew: it may have been installed meanwhile. */
export function isRedisInstalled(): boolean {
  return findProgram('redis-server') !== null
}

export function redisUrl({ port, password }: Pick<RedisServerOptions, 'port' | 'password'>): string {
  return `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${port}/0`
}

/** The installed program, which keeps nothing. Errors: it does not come up. */
export async function startRedisServer({ port, password, args = [], file }: RedisServerOptions): Promise<RedisServer> {
  const folder = temporaryFolder('redis')
  const place = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--pidfile', `${folder}/pid`]
  const common = file === undefined ? [...place, '--save', '', '--appendonly', 'no'] : [file, ...place]
  const program = await startProgram({
    // By its name: Debian has one program of several names, which does what it is called.
    command: 'redis-server',
    args: [...common, ...(password === undefined ? [] : ['--requirepass', password]), ...args],
    folder,
    stopSignal: 'TERM',
    greet: () => greet(redisUrl({ port, ...(password !== undefined && { password }) })),
    patienceMs: 15_000,
  })
  return { ...program, folder }
}

/** One that wants another password has answered too. */
async function greet(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: null, enableReadyCheck: false, protocol: 2 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.ping().catch((error: Error) => {
      if (!error.message.includes('NOAUTH')) throw error
    })
  } finally {
    client.disconnect()
  }
}
