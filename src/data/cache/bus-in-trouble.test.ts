import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import {
  aCache,
  aFaultyBus,
  aSharedBus,
  aSource,
  ask,
  closeCaches,
  movedClock,
  quickTimes,
} from '../../../test/builders/cache.ts'

afterEach(closeCaches)

describe('a bus in trouble', () => {
  it.each(['errors', 'hangs', 'slow', 'garbled'] as const)('(%s) is done without', async (fault) => {
    const clock = movedClock()
    const bus = aFaultyBus(await aSharedBus(clock))
    const source = aSource()
    const before = await aCache({ clock, bus })
    await ask(before.cache, source)
    await sleep(20)
    bus.fault = fault
    const { cache } = await aCache({ clock, bus })
    const started = performance.now()
    expect(await ask(cache, source)).toEqual(['miss', 'read 2'])
    expect(performance.now() - started).toBeLessThan(4 * quickTimes.busDeadline + 50)
    expect(await ask(cache, source)).toEqual(['hit', 'read 2'])
    expect(await ask(cache, source, { forcedBy: 'ada' })).toEqual(
      fault === 'garbled' ? ['bypass', 'read 3'] : ['hit', 'read 2'],
    )
    const { bus: link, garbled } = cache.stats()
    if (fault === 'garbled') expect(garbled).toBeGreaterThan(0)
    else expect(link.failed).toBeGreaterThan(0)
  })

  it('is left alone after a few failures, tried again by one request after a while, and used again when it works', async () => {
    const clock = movedClock()
    const bus = aFaultyBus(await aSharedBus(clock))
    const source = aSource({ ms: 1 })
    const { cache } = await aCache({ clock, bus })
    bus.fault = 'hangs'
    for (let n = 0; n < 4; n++) await ask(cache, source, { key: `a${n}` })
    expect(cache.stats().bus.paused).toBe(true)
    const calls = bus.calls
    const started = performance.now()
    for (let n = 0; n < 20; n++) await ask(cache, source, { key: `b${n}` })
    expect(performance.now() - started).toBeLessThan(quickTimes.busPause)
    expect(bus.calls).toBe(calls)
    await sleep(quickTimes.busPause)
    await Promise.all(Array.from({ length: 20 }, (_, n) => ask(cache, source, { key: `c${n}` })))
    expect(bus.calls).toBe(calls + 1)
    bus.fault = 'none'
    await sleep(quickTimes.busPause)
    await ask(cache, source, { key: 'd' })
    expect(cache.stats().bus.paused).toBe(false)
    const other = await aCache({ clock, bus })
    await expect.poll(async () => (await ask(other.cache, source, { key: 'd' }))[0]).toBe('hit')
  })

  it('stopped in the middle of load fails no request and gives no wrong row', async () => {
    const clock = movedClock()
    const bus = aFaultyBus(await aSharedBus(clock))
    const caches = [await aCache({ clock, bus }), await aCache({ clock, bus }), await aCache({ clock, bus })]
    const settings = { ttlMs: 30 }
    let asked = 0
    async function client(seed: number): Promise<void> {
      for (let n = 0; n < 60; n++) {
        const key = `k${(seed * 7 + n * 13) % 40}`
        const compute = async () => {
          await sleep(2)
          return { body: Buffer.from(`rows of ${key}`), timings: {} }
        }
        const { cache } = caches[(seed + n) % 3]!
        const { body } = await cache.through({ key, compute, ...settings }, new AbortController())
        expect(body.toString()).toBe(`rows of ${key}`)
        asked++
        await sleep(3)
      }
    }
    const load = Promise.all(Array.from({ length: 30 }, (_, seed) => client(seed)))
    for (const fault of ['errors', 'hangs', 'garbled', 'slow', 'none'] as const) {
      await sleep(100)
      bus.fault = fault
    }
    await load
    expect(asked).toBe(1800)
    await sleep(quickTimes.busPause + 350)
    for (const { cache } of caches) {
      await cache.through({ key: 'after', compute: aSource().compute }, new AbortController())
      expect(cache.stats().bus.paused).toBe(false)
    }
  })

  it('is given back a lease that it granted too late', async () => {
    const clock = movedClock()
    const shared = await aSharedBus(clock)
    const bus = aFaultyBus(shared)
    const source = aSource()
    const { cache } = await aCache({ clock, bus, settings: { memoryBytes: 0 } })
    bus.fault = 'slow'
    expect(await ask(cache, source)).toEqual(['miss', 'read 1'])
    await sleep(700)
    const lease = await shared.lock('lock:k', 1000)
    expect(lease).not.toBeNull()
  })
})
