import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { anOwnMongo, anOwnRedis, hasMongoProgram, type OwnServer } from '../../test/services/own-servers.ts'
import { keptPorts } from '../../test/services/program.ts'
import { hasRedisProgram } from '../../test/services/redis-server.ts'
import { type Client, signIn } from '../client.ts'
import { isAlive, type RoleProcess, startRole } from '../role.ts'
import { newHome, removeHome } from '../started.ts'

export const canBeSplit = hasMongoProgram && hasRedisProgram

/** Long enough for a machine that has other work, short enough for a test to wait for it. */
export const leaseMs = 2000

export type Role = 'web' | 'worker' | 'live' | 'scheduler'

export interface StartOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly unready?: boolean
}

/** The processes of a production on servers of their own, all of which a test may stop, kill and start again. */
export interface Installation {
  readonly url: string
  readonly liveUrl: string
  readonly home: string
  readonly redis: OwnServer
  readonly mongo: OwnServer
  start(role: Role, options?: StartOptions): Promise<RoleProcess>
  admin(): Promise<Client>
  /** How many releases were ever made of an app, as the database has it. */
  releasesOf(app: string): Promise<number>
  /** Ends everything that was started. */
  remove(): Promise<void>
}

export async function anInstallation(settings: Readonly<Record<string, string>> = {}): Promise<Installation> {
  const home = newHome()
  const [redis, mongo] = await Promise.all([anOwnRedis(), anOwnMongo()])
  await Promise.all([redis.start(), mongo.start()])
  const first = await keptPorts(2)
  const database = `laputa-${randomBytes(4).toString('hex')}`
  const url = `http://127.0.0.1:${first}`
  const common = {
    ...{ LAPUTA_HOME: join(home, 'var'), LAPUTA_HTTP__PORT: `${first}`, LAPUTA_LIVE__PORT: `${first + 1}` },
    ...{ LAPUTA_STORE__KIND: 'mongo', LAPUTA_ROWS__KIND: 'mongo', LAPUTA_BUS__KIND: 'redis' },
    ...{ LAPUTA_MONGO__URL: mongo.url, LAPUTA_MONGO__DATABASE: database, LAPUTA_MONGO__SERVER_TIMEOUT: '1 s' },
    ...{ LAPUTA_REDIS__URL: redis.url, LAPUTA_REDIS__CONNECT_TIMEOUT: '1 s', LAPUTA_REDIS__COMMAND_TIMEOUT: '500 ms' },
    ...{ LAPUTA_JOBS__LEASE: `${leaseMs} ms`, LAPUTA_SCHEDULER__LEASE: `${leaseMs} ms`, LAPUTA_JOBS__DRAIN: '1 s' },
    ...{ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1', LAPUTA_QUERY__CACHE__MIN_TIME: '0 s' },
    ...settings,
  }
  const started: RoleProcess[] = []
  return {
    ...{ url, liveUrl: `http://127.0.0.1:${first + 1}`, home, redis, mongo },
    async start(role, { args = [], env = {}, unready = false } = {}) {
      const probes = await keptPorts(4)
      const one = await startRole({
        args: ['--only', role, ...args],
        env: { ...common, LAPUTA_HEALTH__PORT: `${probes}`, ...env },
        probePort: probes + ['web', 'worker', 'live', 'scheduler'].indexOf(role),
        cwd: home,
        unready,
      })
      started.push(one)
      return one
    },
    async admin() {
      const file = join(home, 'var', 'admin-credentials.json')
      // One of the web workers makes the first user, and the others answer meanwhile.
      while (!existsSync(file)) await sleep(50)
      const credentials = JSON.parse(readFileSync(file, 'utf8'))
      return signIn({ url, credentials }, 'admin')
    },
    async releasesOf(app) {
      const client = new MongoClient(mongo.url, { serverSelectionTimeoutMS: 2000 })
      try {
        const kept = await client.db(database).collection('c_releases').find<{ t: string }>({}).toArray()
        return kept.filter(({ t }) => JSON.parse(t).app === app).length
      } finally {
        await client.close()
      }
    },
    async remove() {
      await Promise.all(started.map(endWithChildren))
      await Promise.all([redis.remove(), mongo.remove()])
      removeHome(home)
    },
  }
}

/** However it is at the moment: a process that was paused hears no other signal. */
async function endWithChildren(one: RoleProcess): Promise<void> {
  const pids = [one.process.pid ?? 0, ...one.children()].filter(isAlive)
  await one.end('SIGKILL')
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}
