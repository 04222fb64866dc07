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
import { Problem } from '../../base/index.ts'
import type { Bus } from '../../bus/index.ts'
import type { CacheSettings } from './settings.ts'

afterEach(closeCaches)

describe('across processes', () => {
  async function twoProcesses(settings: Partial<CacheSettings> = {}) {
    const clock = movedClock()
    const bus = aFaultyBus(await aSharedBus(clock))
    const one = await aCache({ clock, bus, settings })
    const two = await aCache({ clock, bus, settings })
    return { clock, bus, caches: [one.cache, two.cache] as const }
  }

  it('computes once for all of them', async () => {
    const source = aSource({ ms: 100 })
    const { caches } = await twoProcesses()
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, index) => ask(caches[index % 2 === 0 ? 0 : 1], source)),
    )
    expect(new Set(answers.map(String))).toEqual(new Set(['miss,read 1']))
    expect(source.reads).toBe(1)
  })

  it('finds what another one computed before', async () => {
    const source = aSource()
    const { caches, clock } = await twoProcesses({ ttlMs: 10_000 })
    await ask(caches[0], source)
    await expect.poll(() => ask(caches[1], source)).toEqual(['hit', 'read 1'])
    clock.move(10_000)
    expect(await ask(caches[1], source)).toEqual(['miss', 'read 2'])
    clock.move(5_000)
    await expect.poll(() => ask(caches[0], source)).toEqual(['hit', 'read 2'])
    clock.move(5_000)
    expect(await ask(caches[0], source)).toEqual(['miss', 'read 3'])
  })

  it('gives those who wait the error of the one who computed', async () => {
    const source = aSource({ ms: 50 })
    const { caches } = await twoProcesses({ errorTtlMs: 0 })
    const errors = [{ path: '/pipeline/0', message: 'm', step: { index: 0, name: 'top' }, nearest: ['a'] }]
    source.fails = new Problem('query_failed', 'the source said no', { errors })
    const ended = await Promise.allSettled([ask(caches[0], source), ask(caches[1], source)])
    for (const one of ended) {
      expect(one.status === 'rejected' && one.reason).toMatchObject({
        code: 'query_failed',
        message: 'the source said no',
        errors,
      })
    }
    expect(source.reads).toBe(1)
  })

  it('lets those who wait try for themselves when the error is none of theirs', async () => {
    const source = aSource({ ms: 50 })
    const { caches } = await twoProcesses()
    const failing = {
      ...source,
      compute: async (signal: AbortSignal) => {
        await source.compute(signal)
        throw new RangeError('a bug in one process')
      },
    }
    const first = ask(caches[0], failing)
    await sleep(10)
    const second = ask(caches[1], source)
    await expect(first).rejects.toThrow('a bug')
    expect(await second).toEqual(['miss', 'read 2'])
  })

  it('tells later requests of the others that the source failed', async () => {
    const source = aSource()
    const { caches, clock } = await twoProcesses({ errorTtlMs: 5_000 })
    source.fails = new Problem('source_failed', 'no')
    await expect(ask(caches[0], source)).rejects.toMatchObject({ code: 'source_failed' })
    await sleep(20)
    await expect(ask(caches[1], source)).rejects.toMatchObject({ code: 'source_failed', message: 'no' })
    expect(source.reads).toBe(1)
    source.fails = null
    clock.move(5_000)
    expect(await ask(caches[1], source)).toEqual(['miss', 'read 2'])
  })

  it('starts anew for those who wait when the clients of the other have all left', async () => {
    const source = aSource({ ms: 80 })
    const { caches } = await twoProcesses()
    const leaver = new AbortController()
    const first = ask(caches[0], source, { signal: leaver.signal })
    await sleep(20)
    const second = ask(caches[1], source)
    await sleep(20)
    leaver.abort(new Problem('cancelled', 'left'))
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    expect(await second).toEqual(['miss', 'read 2'])
    expect(source.cancelled).toBe(1)
  })

  it('lets a client of those who wait leave at once', async () => {
    const source = aSource({ ms: 300 })
    const { caches } = await twoProcesses()
    const first = ask(caches[0], source)
    await sleep(20)
    const leaver = new AbortController()
    const second = ask(caches[1], source, { signal: leaver.signal })
    await sleep(20)
    const left = performance.now()
    leaver.abort(new Problem('cancelled', 'left'))
    await expect(second).rejects.toMatchObject({ code: 'cancelled' })
    expect(performance.now() - left).toBeLessThan(50)
    expect(await first).toEqual(['miss', 'read 1'])
    expect([source.reads, source.cancelled]).toEqual([1, 0])
  })

  it('waits for a long computation as long as its process shows signs of life', async () => {
    const source = aSource({ ms: quickTimes.lease * 4 })
    const { caches } = await twoProcesses()
    const answers = await Promise.all([ask(caches[0], source), ask(caches[1], source)])
    expect([answers, source.reads]).toEqual([
      [
        ['miss', 'read 1'],
        ['miss', 'read 1'],
      ],
      1,
    ])
  })

  it('takes over from a process that died', async () => {
    const source = aSource()
    const { caches, bus } = await twoProcesses()
    // As a process would leave it that was killed: locked, and never to be heard of again.
    await bus.lock('lock:k', quickTimes.lease)
    const asked = performance.now()
    expect(await ask(caches[0], source)).toEqual(['miss', 'read 1'])
    expect(performance.now() - asked).toBeLessThan(quickTimes.lease + 3 * quickTimes.look)
  })

  it('does not let a process that lost its lease replace what came after', async () => {
    const clock = movedClock()
    const shared = await aSharedBus(clock)
    // The renewals of the first process get lost, so that it is taken for dead.
    const deaf: Bus = {
      ...shared,
      lock: async (key, ms) => {
        const lease = await shared.lock(key, ms)
        return lease && { ...lease, renew: async () => false }
      },
    }
    const one = await aCache({ clock, bus: deaf })
    const two = await aCache({ clock, bus: shared })
    const slow = aSource({ ms: 500 })
    const quick = aSource({ ms: 1 })
    const first = one.cache.through(
      { key: 'k', compute: async (signal) => ({ ...(await slow.compute(signal)), body: Buffer.from('first') }) },
      new AbortController(),
    )
    await sleep(20)
    expect(await ask(two.cache, quick)).toEqual(['miss', 'read 1'])
    expect((await first).body.toString()).toBe('first')
    await sleep(30)
    const three = await aCache({ clock, bus: shared })
    expect(await ask(three.cache, quick)).toEqual(['hit', 'read 1'])
  })

  it('keeps what is quick to compute out of the bus', async () => {
    const source = aSource({ ms: 5 })
    const { caches } = await twoProcesses({ minTimeMs: 1000 })
    const answers = await Promise.all([ask(caches[0], source), ask(caches[1], source)])
    expect(answers.map(([state]) => state)).toEqual(['miss', 'miss'])
    expect(source.reads).toBe(2)
    expect((await ask(caches[0], source))[0]).toBe('hit')
    expect((await ask(caches[1], source))[0]).toBe('hit')
  })

  it('reads again in the background once for all', async () => {
    const source = aSource({ ms: 60 })
    const { caches, clock } = await twoProcesses({ ttlMs: 10_000, staleMs: 10_000 })
    await ask(caches[0], source)
    await expect.poll(() => ask(caches[1], source)).toEqual(['hit', 'read 1'])
    clock.move(12_000)
    for (const cache of [...caches, ...caches]) expect(await ask(cache, source)).toEqual(['stale', 'read 1'])
    for (const cache of caches) await expect.poll(() => ask(cache, source)).toEqual(['hit', 'read 2'])
    expect(source.reads).toBe(2)
  })

  it('puts a forced read where the others find it', async () => {
    const source = aSource()
    const { caches } = await twoProcesses()
    await ask(caches[0], source)
    await ask(caches[0], source, { forcedBy: 'ada' })
    await sleep(20)
    expect(await ask(caches[1], source)).toEqual(['hit', 'read 2'])
  })

  it('is not misled by news that are none', async () => {
    const source = aSource({ ms: 150 })
    const { caches, bus } = await twoProcesses()
    const first = ask(caches[0], source)
    await sleep(20)
    const second = ask(caches[1], source)
    await sleep(20)
    const noNews = ['null', '"stored"', '{"outcome":"done"}', '{"outcome":"failed","problem":{"code":"x"}}', '[]']
    for (const text of noNews) await bus.publish('news:k', JSON.parse(text))
    // A promise that is not kept: nothing is stored yet.
    await bus.publish('news:k', { outcome: 'stored' })
    expect([await first, await second]).toEqual([
      ['miss', 'read 1'],
      ['miss', 'read 1'],
    ])
    expect(source.reads).toBe(1)
  })
})
