import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Queue as BullQueue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { aJob } from '../../test/contracts/bus/queue.contract.ts'
import { redisSettings } from '../../test/contracts/bus/redis-server.ts'
import { silentLog, systemClock } from '../base/index.ts'
import { type Bus, openBus, type Queue, type TakenJob } from './index.ts'

const url = process.env.LAPUTA_TEST_REDIS_URL
const root = fileURLToPath(new URL('../..', import.meta.url))

describe.runIf(url)('workers on Redis', () => {
  const settings = redisSettings(url)
  const children: ChildProcessByStdio<null, Readable, null>[] = []
  let bus: Bus
  let queue: Queue
  let redis: Redis
  let prefix: string

  beforeEach(async () => {
    prefix = `${settings.prefix}-${Math.random().toString(36).slice(2, 8)}`
    bus = await openBus({ kind: 'redis', redis: { ...settings, prefix } }, { clock: systemClock, log: silentLog })
    queue = bus.queue('heavy')
    redis = new Redis(url ?? '')
  })
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    redis.disconnect()
    await bus.close()
  })

  /** A worker in a process of its own; `said` grows. */
  async function aWorkerProcess(leaseMs: number, workMs: number) {
    const said: string[] = []
    const script = 'test/contracts/bus/worker-process.ts'
    const args = ['--import', 'tsx', script, url ?? '', prefix, `${leaseMs}`, `${workMs}`]
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')))
    await expect.poll(() => said, { timeout: 15_000 }).toContain('works')
    return { child, said }
  }

  async function collect(leaseMs = 5000): Promise<TakenJob[]> {
    const taken: TakenJob[] = []
    await queue.work({
      concurrency: 1,
      leaseMs,
      handle: async (job) => {
        taken.push(job)
        return { kind: 'done' }
      },
    })
    return taken
  }
  const ended = () => expect.poll(() => queue.counts(), { timeout: 5000 }).toMatchObject({ waiting: 0, running: 0 })

  it('one that is killed: its job is given to another, which hears of it', async () => {
    const { child, said } = await aWorkerProcess(600, 60_000)
    await queue.add(aJob('a'))
    await expect.poll(() => said, { timeout: 5000 }).toContain('took a')
    child.kill('SIGKILL')
    const began = performance.now()
    const taken = await collect(600)
    await expect.poll(() => taken, { timeout: 5000 }).toMatchObject([{ id: 'a', lost: 1, payload: { n: 'a' } }])
    expect(performance.now() - began).toBeLessThan(3000)
    await ended()
  })

  it('one that is held up past its lease: is told when it wakes, and what it says then does not count', async () => {
    const { child, said } = await aWorkerProcess(500, 1500)
    await queue.add(aJob('a'))
    await expect.poll(() => said, { timeout: 5000 }).toContain('took a')
    child.kill('SIGSTOP')
    const taken = await collect(500)
    await expect.poll(() => taken, { timeout: 5000 }).toMatchObject([{ id: 'a', lost: 1 }])
    await ended()
    await queue.add(aJob('a', { delayMs: 60_000, payload: 'anew' }))
    child.kill('SIGCONT')
    await expect.poll(() => said, { timeout: 5000 }).toContain('aborted a')
    await expect.poll(() => said, { timeout: 5000 }).toContain('ended a')
    await sleep(200)
    expect(await queue.has('a')).toBe(true)
    expect(await queue.counts()).toEqual({ waiting: 0, delayed: 1, running: 0, dead: 0 })
    await queue.remove('a')
    await queue.add(aJob('b'))
    await expect.poll(() => [...said, ...taken.map(({ id }) => id)].join()).toMatch(/\bb\b/)
  })

  it('what is delayed by a clock that is an hour fast: waits no longer than its delay', async () => {
    const fast = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000)
    await queue.addMany([aJob('a', { delayMs: 1500 }), aJob('later', { delayMs: 60_000 })])
    fast.mockRestore()
    const taken = await collect()
    const began = performance.now()
    await expect.poll(() => taken.map(({ id }) => id), { timeout: 5000 }).toEqual(['a'])
    expect(performance.now() - began).toBeGreaterThan(1400)
    expect(await queue.counts()).toMatchObject({ delayed: 1 })
  })

  it('what is in the queue and is not ours: comes as it is, or is dead, and stops nothing', async () => {
    const foreign = new BullQueue('{heavy}', { connection: redis, prefix: `${prefix}:queue` })
    await foreign.add('of another version', { what: ['ever'] }, { jobId: 'foreign' })
    const key = (id: string) => `${prefix}:queue:{heavy}:j-${id}`
    await queue.addMany([aJob('no-json'), aJob('no-options'), aJob('no-payload'), aJob('fine')])
    await redis.hset(key('no-json'), 'data', '{"a":')
    await redis.hset(key('no-options'), 'opts', 'x')
    await redis.hdel(key('no-payload'), 'data')
    const taken = await collect(400)
    await expect
      .poll(() => taken.map(({ id }) => id).sort(), { timeout: 8000 })
      .toEqual(['fine', 'foreign', 'no-options', 'no-payload'])
    expect(taken.find(({ id }) => id === 'foreign')?.payload).toEqual({ what: ['ever'] })
    expect(taken.find(({ id }) => id === 'no-options')).toMatchObject({ payload: { n: 'no-options' } })
    await ended()
    expect(await queue.dead(10)).toMatchObject([
      { id: 'no-json', payload: '{"a":', reason: 'Its payload is not JSON.' },
    ])
    await foreign.close()
  })

  it('leave nothing behind of what has ended, and keep no more than 1000 dead', async () => {
    await queue.work({
      concurrency: 20,
      leaseMs: 5000,
      handle: async ({ payload }) => (payload === 'dead' ? { kind: 'dead', reason: 'planted' } : { kind: 'done' }),
    })
    await queue.addMany(Array.from({ length: 50 }, (_, n) => aJob(`well-${n}`)))
    await queue.addMany(Array.from({ length: 1010 }, (_, n) => aJob(`dead-${n}`, { payload: 'dead' })))
    await expect
      .poll(() => queue.counts(), { timeout: 15_000 })
      .toEqual({ waiting: 0, delayed: 0, running: 0, dead: 1000 })
    await sleep(100)
    const left = await redis.keys(`${prefix}:queue:*`)
    const names = left.map((key) => key.split(':').at(-1)).sort()
    expect(names.filter((name) => name?.startsWith('j-'))).toEqual([])
    expect(names).not.toContain('account')
    expect(names.length).toBeLessThan(9)
  })

  it('messages that are not JSON are dropped, and the next one comes', async () => {
    const received: unknown[] = []
    await bus.subscribe('a', (payload) => received.push(payload))
    await redis.publish(`${prefix}:channel:a`, '{"a":')
    await bus.publish('a', 1)
    await expect.poll(() => received).toEqual([1])
  })

  it('what lies in the cache and is not ours counts as nothing', async () => {
    await redis.set(`${prefix}:cache:a`, 'x')
    expect(await bus.cache.get('a')).toBeNull()
    expect(await bus.cache.setInOrder('a', Buffer.from('1'), { ttlMs: 1000, order: 1 })).toBe(true)
    expect(await bus.cache.get('a')).toEqual(Buffer.from('1'))
  })
})
