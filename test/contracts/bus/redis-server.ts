import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLog, systemClock } from '../../../src/base/index.ts'
import { type BusDeps, openBus } from '../../../src/bus/index.ts'
import { type Config, loadConfig } from '../../../src/config/index.ts'
import type { OwnServer as RestartableServer } from '../../services/own-servers.ts'
import { keptPorts } from '../../services/program.ts'
import { startRedisServer } from '../../services/redis-server.ts'

export { hasRedisProgram } from '../../services/redis-server.ts'

/** A server that a test may stop, kill, hold up and start again: always on the same port, never with what it kept. */
export interface OwnServer extends Pick<RestartableServer, 'url' | 'start' | 'stop'> {
  readonly port: number
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
}

/** With a configuration file, the common arguments are left out: it may be for a sentinel, which knows none of them. */
export async function anOwnServer(args: readonly string[] = [], port?: number, file?: string): Promise<OwnServer> {
  const own = port ?? (await keptPorts(1))
  let running: { readonly stop: () => Promise<void>; readonly pid: number } | undefined
  const server: OwnServer = {
    port: own,
    url: `redis://127.0.0.1:${own}`,
    async start() {
      const { stop, folder } = await startRedisServer({ port: own, args, ...(file !== undefined && { file }) })
      running = { stop, pid: Number(readFileSync(join(folder, 'pid'), 'utf8')) }
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
