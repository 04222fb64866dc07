import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { silentLog, systemClock } from '../../../src/base/index.ts'
import { type BusDeps, openBus } from '../../../src/bus/index.ts'
import { type Config, loadConfig } from '../../../src/config/index.ts'
import { findProgram, freePort, startProgram, temporaryFolder } from '../../services/program.ts'

/** A server that a test may stop, kill, hold up and start again: always on the same port, never with what it kept. */
export interface OwnServer {
  readonly port: number
  readonly url: string
  start(): Promise<void>
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
  stop(): Promise<void>
}

export const hasRedisProgram = findProgram('redis-server') !== null

/** With a configuration file, the common arguments are left out: it may be for a sentinel, which knows none of them. */
export async function anOwnServer(args: readonly string[] = [], port?: number, file?: string): Promise<OwnServer> {
  const own = port ?? (await freePort())
  const url = `redis://127.0.0.1:${own}`
  let running: { readonly stop: () => Promise<void>; readonly pid: number } | undefined

  /** One that wants a password has answered too. */
  async function greet(): Promise<void> {
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

  const server: OwnServer = {
    port: own,
    url,
    async start() {
      const folder = temporaryFolder('redis')
      const pidFile = join(folder, 'pid')
      const place = ['--port', `${own}`, '--bind', '127.0.0.1', '--dir', folder, '--pidfile', pidFile]
      const common = file === undefined ? [...place, '--save', '', '--appendonly', 'no'] : [file, ...place]
      const program = await startProgram({
        // By its name: Debian has one program of several names, which does what it is called.
        command: 'redis-server',
        args: [...common, ...args],
        folder,
        stopSignal: 'TERM',
        greet,
        patienceMs: 10_000,
      })
      running = { stop: program.stop, pid: Number(readFileSync(pidFile, 'utf8')) }
    },
    async signal(signal) {
      if (running) process.kill(running.pid, signal)
      if (signal === 'SIGKILL') await server.stop()
    },
    async stop() {
      const before = running
      running = undefined
      if (!before) return
      try {
        process.kill(before.pid, 'SIGCONT')
      } catch {
        // It has ended already.
      }
      await before.stop()
    },
  }
  return server
}

/** Settings of a server, with names of their own and short times. */
export function redisSettings(url: string | undefined, about: Partial<Config['redis']> = {}): Config['redis'] {
  const { redis } = loadConfig({ env: {} })
  const prefix = `test-${randomUUID().slice(0, 8)}`
  return { ...redis, ...(url === undefined ? {} : { url }), prefix, ...about }
}

/** An empty bus on that server. */
export async function aRedisBus(
  url: string | undefined,
  { settings = {}, deps = {} }: { settings?: Partial<Config['redis']>; deps?: Partial<BusDeps> } = {},
) {
  const redis = redisSettings(url, settings)
  return openBus({ kind: 'redis', redis }, { clock: systemClock, log: silentLog, ...deps })
}

/** For the contract suites. */
export async function aRedisBusUnderTest(url: string | undefined) {
  return { bus: await aRedisBus(url), passTime: (ms: number) => sleep(ms + 2) }
}
