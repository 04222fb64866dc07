import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keptPorts } from '../test/services/program.ts'
import { signIn } from './client.ts'
import { isAlive, type RoleProcess, residentMiB, startRole } from './role.ts'
import { newHome, removeHome } from './started.ts'

const mongo = process.env.LAPUTA_TEST_MONGO_URL
const redis = process.env.LAPUTA_TEST_REDIS_URL

/** The built program as the processes of a production: every role by itself, on MongoDB and Redis. */
describe.skipIf(!mongo || !redis)('a split installation', () => {
  const home = newHome()
  const name = `laputa-split-${process.pid}`
  const started: RoleProcess[] = []
  let env: Record<string, string>
  let first: number
  let url: string

  beforeAll(async () => {
    // http.port, live.port, then the four of the probes.
    first = await keptPorts(6)
    url = `http://127.0.0.1:${first}`
    env = {
      LAPUTA_HOME: join(home, 'var'),
      LAPUTA_STORE__KIND: 'mongo',
      LAPUTA_ROWS__KIND: 'mongo',
      LAPUTA_BUS__KIND: 'redis',
      LAPUTA_MONGO__URL: mongo ?? '',
      LAPUTA_MONGO__DATABASE: name,
      LAPUTA_REDIS__URL: redis ?? '',
      LAPUTA_REDIS__PREFIX: name,
      LAPUTA_HTTP__PORT: String(first),
      LAPUTA_LIVE__PORT: String(first + 1),
      LAPUTA_HEALTH__PORT: String(first + 2),
      // So that the worker has a child to take along when it ends.
      LAPUTA_JOBS__ISOLATE: 'always',
    }
  })
  afterAll(async () => {
    for (const one of started) if (one.process.exitCode === null) await one.end('SIGKILL')
    removeHome(home)
    // They are servers of others, perhaps.
    await forget()
  })
  async function forget(): Promise<void> {
    const client = await new MongoClient(mongo ?? '').connect()
    await client.db(name).dropDatabase()
    await client.close()
    const server = new Redis(redis ?? '')
    for await (const keys of server.scanStream({ match: `*${name}*`, count: 1000 })) {
      if (keys.length > 0) await server.unlink(...keys)
    }
    server.disconnect()
  }

  const start = async (role: 'web' | 'worker' | 'live' | 'scheduler', ...more: string[]) => {
    const offset = ['web', 'worker', 'live', 'scheduler'].indexOf(role)
    const args = ['--only', role, ...more]
    const one = await startRole({ args, env, probePort: first + 2 + offset, cwd: home })
    started.push(one)
    return one
  }
  const adminsPassword = () =>
    (JSON.parse(readFileSync(join(home, 'var', 'admin-credentials.json'), 'utf8')) as { admin: string }).admin
  const admin = () => signIn({ url, credentials: {} }, 'admin', adminsPassword())

  it('starts, serves, and ends in order', async () => {
    const web = await start('web', '--workers', '2')
    const worker = await start('worker', '--heavy', '1', '--fast', '2')
    const live = await start('live')
    const scheduler = await start('scheduler')
    const all = { web, worker, live, scheduler }
    const times = Object.entries(all).map(([role, { readyAfter }]) => `${role} ${Math.round(readyAfter)} ms`)
    process.stdout.write(`start to ready: ${times.join(', ')}\n`)

    const caller = await admin()
    expect((await caller.send('POST', '/small-apps', { id: 'shop', name: 'Shop' })).status).toBe(201)
    expect((await caller.upload('shop', 'sales', 'city,amount\nParis,3\nRome,4\n')).status).toBe(201)
    const everybody = [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }]
    expect((await caller.send('PUT', '/shop/permissions/sales', everybody)).status).toBe(200)
    expect((await caller.send('POST', '/shop/data/release', {}, { prefer: 'wait=30' })).status).toBe(200)
    for (let asked = 0; asked < 10; asked++) {
      const { data } = await caller.data('shop', { domain: 'sales', pipeline: [] })
      expect(data).toEqual([
        { city: 'Paris', amount: 3 },
        { city: 'Rome', amount: 4 },
      ])
    }

    for (const [role, one] of Object.entries(all)) {
      for (const path of ['/health/live', '/health/started', '/health/ready']) {
        expect([role, path, await one.probe(path)]).toMatchObject([role, path, { status: 200 }])
      }
      expect((await one.probe('/metrics')).body).toContain('laputa_part_up{part="store"} 1')
    }
    expect((await worker.probe('/metrics')).body).toContain('laputa_jobs_total{job="publish",outcome="done"} 1')
    expect((await web.probe('/metrics')).body).toMatch(/laputa_http_requests_total\{.*route="\/:app\/data".*\} 10/)
    expect((await fetch(`http://127.0.0.1:${first + 1}/health/ready`)).status).toBe(200)

    const [job] = worker.output().match(/^\{.*"job":"publish".*$/m) ?? []
    expect(JSON.parse(job ?? '{}')).toMatchObject({
      role: 'worker',
      pid: worker.process.pid,
      requestId: expect.any(String),
    })

    await sleep(3000)
    const resident = web.children().map(residentMiB)
    process.stdout.write(`web workers at rest: ${resident.map((mib) => `${Math.round(mib)} MiB`).join(', ')}\n`)
    expect(resident).toHaveLength(2)
    for (const mib of resident) expect(mib).toBeLessThan(150)

    expect(worker.children()).toHaveLength(1)
    const pids = Object.values(all).flatMap(({ process: { pid = 0 }, children }) => [pid, ...children()])
    for (const [role, one] of Object.entries(all)) expect([role, await one.end()]).toEqual([role, 0])
    expect(pids.filter(isAlive)).toEqual([])
  })

  it('starts web workers that die anew, and goes on meanwhile', async () => {
    const web = await start('web', '--workers', '2')
    const allReady = () =>
      expect
        .poll(() => web.probe('/health/ready'), { timeout: 30_000 })
        .toMatchObject({ body: { workers: { wanted: 2, ready: 2 } } })
    await allReady()
    const before = web.children()
    expect(before).toHaveLength(2)
    process.kill(before[0] ?? 0, 'SIGKILL')
    for (let asked = 0; asked < 20; asked++) {
      const answer = await statusOf(`${url}/health/ready`)
      if (asked > 0) expect(answer).toBe(200)
      await sleep(20)
    }
    await expect.poll(() => web.children().length, { timeout: 20_000 }).toBe(2)
    await allReady()
    expect(web.output()).toContain('a web worker ended; starting another one')
    process.kill(web.process.pid ?? 0, 'SIGHUP')
    await expect.poll(() => web.output(), { timeout: 30_000 }).toContain('all web workers are new')
    expect(web.children().filter((pid) => before.includes(pid))).toEqual([])
    expect((await fetch(`${url}/health/ready`)).status).toBe(200)
    const workers = web.children()
    await web.end('SIGKILL')
    await expect.poll(() => workers.filter(isAlive), { timeout: 10_000 }).toEqual([])
  })

  it('waits for servers that are not there, and says so', async () => {
    const nowhere = { ...env, LAPUTA_REDIS__URL: 'redis://127.0.0.1:1/0', LAPUTA_REDIS__CONNECT_TIMEOUT: '200 ms' }
    const args = ['--only', 'worker']
    const waiting = await startRole({ args, env: nowhere, probePort: first + 3, cwd: home, unready: true })
    started.push(waiting)
    await expect.poll(() => waiting.output(), { timeout: 20_000 }).toMatch(/redis\.url.*trying again/)
    expect(await waiting.probe('/health/live')).toMatchObject({ status: 200 })
    expect(await waiting.probe('/health/started')).toMatchObject({ status: 503, body: { status: 'starting' } })
    expect(await waiting.end()).toBe(0)
  })

  it('ends when what it is told to use cannot be used, with all its workers', async () => {
    const refused = { ...env, LAPUTA_REDIS__URL: `${redis?.replace(/\/\d*$/, '')}/9999` }
    const args = ['--only', 'web', '--workers', '2']
    const web = await startRole({ args, env: refused, probePort: first + 2, cwd: home, unready: true })
    started.push(web)
    expect(await web.ended).toBe(78)
    expect(web.output()).toContain('redis.url')
    expect(web.children()).toEqual([])
  })
})

/** What a client meets that does not wait long. */
function statusOf(url: string): Promise<number | string> {
  return fetch(url, { signal: AbortSignal.timeout(3000), headers: { connection: 'close' } }).then(
    ({ status }) => status,
    (error: Error) => error.message,
  )
}

describe('a role', () => {
  const home = newHome()
  afterAll(() => removeHome(home))

  it('refuses what it cannot share, naming the settings, with the exit code for a configuration', async () => {
    const env = { LAPUTA_HOME: join(home, 'var') }
    const refused = await startRole({ args: ['--only', 'web'], env, probePort: 1, cwd: home, unready: true })
    expect(await refused.ended).toBe(78)
    expect(refused.output()).toContain('set `store.kind` to `mongo`')
    expect(refused.output()).toContain('set `bus.kind` to `redis`')
  })
})
