import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { aJob, queueContract } from '../../test/contracts/bus/queue.contract.ts'
import { busContract } from '../../test/contracts/bus.contract.ts'
import { type Log, silentLog } from '../base/index.ts'
import { type Bus, openBus } from './index.ts'

function movedClock(start: number) {
  let now = start
  return { now: () => now, move: (ms: number) => (now += ms) }
}

async function aBusUnderTest() {
  // A clock at 0 finds whoever takes 0 for "no time".
  const clock = movedClock(0)
  const bus = await openBus({ kind: 'memory', cacheBytes: 10_000_000 }, { clock, log: silentLog })
  return {
    bus,
    passTime: async (ms: number) => {
      clock.move(ms)
    },
  }
}

busContract('memory', aBusUnderTest)
queueContract('memory', aBusUnderTest)

describe('memory bus', () => {
  const open: Bus[] = []
  afterEach(async () => {
    for (const bus of open.splice(0)) await bus.close()
  })

  async function aBus(cacheBytes: number, clock = movedClock(1_800_000_000_000), log: Log = silentLog) {
    const bus = await openBus({ kind: 'memory', cacheBytes }, { clock, log })
    open.push(bus)
    return bus
  }

  it('stays within its budget and drops what was used longest ago', async () => {
    const { cache } = await aBus(100_000)
    for (let n = 0; n < 9; n++) await cache.set(`k${n}`, Buffer.alloc(10_000), 60_000)
    await cache.get('k0')
    await cache.set('new', Buffer.alloc(10_000), 60_000)
    expect(await cache.get('k0')).not.toBeNull()
    expect(await cache.get('k1')).toBeNull()
    expect(await cache.get('new')).not.toBeNull()
  })

  it('counts keys in the budget', async () => {
    const { cache } = await aBus(100_000)
    for (let n = 0; n < 1000; n++) await cache.set(`${n}${'k'.repeat(1000)}`, Buffer.alloc(1), 60_000)
    let kept = 0
    for (let n = 0; n < 1000; n++) kept += (await cache.get(`${n}${'k'.repeat(1000)}`)) === null ? 0 : 1
    expect(kept).toBeGreaterThan(10)
    expect(kept).toBeLessThan(100)
  })

  it('does not keep what is larger than the budget, nor the value before', async () => {
    const { cache } = await aBus(10_000)
    await cache.set('other', Buffer.alloc(100), 60_000)
    await cache.set('a', Buffer.alloc(100), 60_000)
    await cache.set('a', Buffer.alloc(20_000), 60_000)
    expect(await cache.get('a')).toBeNull()
    expect(await cache.get('other')).not.toBeNull()
  })

  it('caches nothing with a budget of 0', async () => {
    const { cache } = await aBus(0)
    await cache.set('a', Buffer.from('1'), 60_000)
    expect(await cache.get('a')).toBeNull()
  })

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses a budget of %d bytes', async (cacheBytes) => {
    await expect(aBus(cacheBytes)).rejects.toMatchObject({ code: 'config_invalid' })
  })

  it('has larger tokens after a restart', async () => {
    const clock = movedClock(1_800_000_000_000)
    const before = await aBus(0, clock)
    let last = 0
    for (let holder = 0; holder < 100; holder++) {
      const lease = (await before.lock('a', 1000))!
      last = lease.token
      await lease.release()
    }
    clock.move(1000)
    const after = await aBus(0, clock)
    expect((await after.lock('a', 1000))?.token).toBeGreaterThan(last)
  })

  it('keeps counting and locking among many keys that have ended', async () => {
    const clock = movedClock(1_800_000_000_000)
    const bus = await aBus(0, clock)
    await bus.increment('kept', 60_000)
    const lease = (await bus.lock('kept', 60_000))!
    for (let n = 0; n < 5000; n++) {
      await bus.increment(`c${n}`, 10)
      await bus.lock(`l${n}`, 10)
      clock.move(1)
    }
    expect(await bus.increment('kept', 60_000)).toBe(2)
    expect(await lease.renew()).toBe(true)
  })

  it('does not wait longer for what is delayed when the clock is put back', async () => {
    const clock = movedClock(1_800_000_000_000)
    const queue = (await aBus(0, clock)).queue('heavy')
    const taken: string[] = []
    await queue.add(aJob('a', { delayMs: 300 }))
    await queue.work({
      concurrency: 1,
      leaseMs: 5000,
      handle: async ({ id }) => {
        taken.push(id)
        return { kind: 'done' }
      },
    })
    clock.move(-3_600_000)
    await sleep(150)
    clock.move(200)
    await sleep(150)
    expect(taken).toEqual([])
    clock.move(200)
    await expect.poll(() => taken, { timeout: 1000 }).toEqual(['a'])
  })

  it('logs what a receiver throws, with the channel', async () => {
    const logged: object[] = []
    const log: Log = { ...silentLog, error: (fields) => logged.push(fields) }
    const bus = await aBus(0, movedClock(0), log)
    const planted = new Error('planted')
    await bus.subscribe('a', () => {
      throw planted
    })
    await bus.subscribe('a', () => Promise.reject(planted))
    await bus.publish('a', 1)
    await expect
      .poll(() => logged)
      .toEqual([
        { channel: 'a', err: planted },
        { channel: 'a', err: planted },
      ])
  })
})
