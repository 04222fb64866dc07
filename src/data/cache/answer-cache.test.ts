import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { aCache, aFaultyBus, aSource, ask, closeCaches, movedClock } from '../../../test/builders/cache.ts'
import { Problem, silentLog } from '../../base/index.ts'
import { openBus } from '../../bus/index.ts'

afterEach(closeCaches)

describe('in one process', () => {
  it('computes once for many at the same time, and serves the rest from memory', async () => {
    const source = aSource()
    const { cache } = await aCache()
    const answers = await Promise.all(Array.from({ length: 500 }, () => ask(cache, source)))
    expect(new Set(answers.map(String))).toEqual(new Set(['miss,read 1']))
    expect(await ask(cache, source)).toEqual(['hit', 'read 1'])
    expect(await ask(cache, source, { key: 'other' })).toEqual(['miss', 'read 2'])
    expect(cache.stats().served).toEqual({ hit: 1, miss: 501, stale: 0, bypass: 0 })
  })

  it('serves nothing older than the time to live', async () => {
    const source = aSource()
    const { cache, clock } = await aCache({ settings: { ttlMs: 10_000 } })
    await ask(cache, source)
    clock.move(9_000)
    expect(await ask(cache, source)).toEqual(['hit', 'read 1'])
    clock.move(1_000)
    expect(await ask(cache, source)).toEqual(['miss', 'read 2'])
  })

  it('counts the age from the beginning of the reading', async () => {
    const source = aSource()
    const { cache, clock } = await aCache({ settings: { ttlMs: 10_000 } })
    const slow = async (signal: AbortSignal) => {
      clock.move(9_000)
      return source.compute(signal)
    }
    const { at } = await cache.through({ key: 'k', compute: slow }, new AbortController())
    expect(clock.now() - at).toBeGreaterThanOrEqual(9_000)
    clock.move(1_000)
    expect(await ask(cache, source)).toEqual(['miss', 'read 2'])
  })

  it('lets a source bring its own time to live, and caches nothing for 0', async () => {
    const source = aSource()
    const { cache, clock } = await aCache()
    await ask(cache, source, { ttlMs: 1000 })
    expect(await ask(cache, source, { ttlMs: 1000 })).toEqual(['hit', 'read 1'])
    clock.move(1000)
    expect(await ask(cache, source, { ttlMs: 1000 })).toEqual(['miss', 'read 2'])
    expect(await ask(cache, source, { ttlMs: 0 })).toEqual(['bypass', 'read 3'])
    expect(await ask(cache, source, { ttlMs: 0 })).toEqual(['bypass', 'read 4'])
    expect(await ask(cache, source, { ttlMs: 1000 })).toEqual(['hit', 'read 2'])
  })

  it('serves stale within the window while it reads again, once', async () => {
    const source = aSource({ ms: 20 })
    const { cache, clock } = await aCache({ settings: { ttlMs: 10_000, staleMs: 5_000 } })
    await ask(cache, source)
    clock.move(12_000)
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(cache, source)))
    expect(new Set(answers.map(String))).toEqual(new Set(['stale,read 1']))
    await expect.poll(() => ask(cache, source)).toEqual(['hit', 'read 2'])
    expect(source.reads).toBe(2)
    clock.move(15_000)
    expect(await ask(cache, source)).toEqual(['miss', 'read 3'])
  })

  it('goes on serving stale when the source fails, without asking it each time, and not beyond the window', async () => {
    const source = aSource()
    const { cache, clock } = await aCache({ settings: { ttlMs: 10_000, staleMs: 5_000, errorTtlMs: 2_000 } })
    await ask(cache, source)
    source.fails = new Problem('source_failed', 'no')
    clock.move(11_000)
    for (let n = 0; n < 20; n++) {
      expect(await ask(cache, source)).toEqual(['stale', 'read 1'])
      await sleep(2)
    }
    expect(source.reads).toBe(2)
    clock.move(4_000)
    await expect(ask(cache, source)).rejects.toMatchObject({ code: 'source_failed' })
  })

  it('keeps reading again when a client joined and left', async () => {
    const source = aSource({ ms: 60 })
    const { cache, clock } = await aCache({ settings: { ttlMs: 10_000, staleMs: 5_000 } })
    await ask(cache, source)
    clock.move(12_000)
    expect(await ask(cache, source)).toEqual(['stale', 'read 1'])
    clock.move(4_000)
    const leaver = new AbortController()
    const joined = ask(cache, source, { signal: leaver.signal })
    await sleep(10)
    leaver.abort(new Problem('cancelled', 'left'))
    await expect(joined).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => ask(cache, source)).toEqual(['hit', 'read 2'])
    expect([source.reads, source.cancelled]).toEqual([2, 0])
  })

  it('ends what it reads in the background when it closes', async () => {
    const source = aSource({ ms: 5 })
    const { cache, clock } = await aCache({ settings: { ttlMs: 10_000, staleMs: 60_000 } })
    await ask(cache, source)
    clock.move(12_000)
    const hanging = aSource({ ms: 60_000 })
    expect(await ask(cache, hanging)).toEqual(['stale', 'read 1'])
    await cache.close()
    expect(hanging.cancelled).toBe(1)
    expect(cache.stats().memory).toEqual({ entries: 0, bytes: 0 })
  })

  it('honours a forced read, replaces what is kept, and counts them per user and minute', async () => {
    const source = aSource()
    const { cache, clock } = await aCache({ settings: { freshReads: 2 } })
    await ask(cache, source)
    expect(await ask(cache, source, { forcedBy: 'ada' })).toEqual(['bypass', 'read 2'])
    expect(await ask(cache, source)).toEqual(['hit', 'read 2'])
    expect(await ask(cache, source, { forcedBy: 'ada' })).toEqual(['bypass', 'read 3'])
    expect(await ask(cache, source, { forcedBy: 'ada' })).toEqual(['hit', 'read 3'])
    expect(await ask(cache, source, { forcedBy: 'bob' })).toEqual(['bypass', 'read 4'])
    clock.move(59_000)
    expect(await ask(cache, source, { forcedBy: 'ada' })).toEqual(['hit', 'read 4'])
    clock.move(2_000)
    expect((await ask(cache, source, { forcedBy: 'ada' }))[0]).toBe('bypass')
  })

  it('does not let an older reading that ends later replace a newer one', async () => {
    const { cache } = await aCache()
    const slow = aSource({ ms: 60 })
    const quick = aSource({ ms: 1 })
    const older = cache.through(
      { key: 'k', compute: async (signal) => ({ ...(await slow.compute(signal)), body: Buffer.from('older') }) },
      new AbortController(),
    )
    await sleep(5)
    expect(await ask(cache, quick, { forcedBy: 'ada' })).toEqual(['bypass', 'read 1'])
    expect((await older).body.toString()).toBe('older')
    expect(await ask(cache, quick)).toEqual(['hit', 'read 1'])
  })

  it.each(['source_failed', 'source_timeout', 'query_timeout'] as const)('repeats %s for a while', async (code) => {
    const source = aSource()
    const { cache, clock } = await aCache({ settings: { errorTtlMs: 5_000 } })
    source.fails = new Problem(code, 'what the source said', { errors: [{ path: '/x', message: 'm' }] })
    for (let n = 0; n < 5; n++)
      await expect(ask(cache, source)).rejects.toMatchObject({ code, message: 'what the source said' })
    expect([source.reads, cache.stats().repeatedErrors]).toEqual([1, 4])
    source.fails = null
    expect(await ask(cache, source, { forcedBy: 'ada' })).toEqual(['bypass', 'read 2'])
    expect(await ask(cache, source)).toEqual(['hit', 'read 2'])
    clock.move(61_000)
    source.fails = new Problem(code, 'again')
    await expect(ask(cache, source)).rejects.toMatchObject({ code })
    clock.move(5_000)
    source.fails = null
    expect(await ask(cache, source)).toEqual(['miss', 'read 4'])
  })

  it.each(['data_refused', 'pipeline_invalid', 'query_failed', 'cancelled', 'internal'] as const)(
    'does not repeat %s',
    async (code) => {
      const source = aSource()
      const { cache } = await aCache()
      source.fails = new Problem(code, 'no')
      await expect(ask(cache, source)).rejects.toMatchObject({ code })
      source.fails = null
      expect(await ask(cache, source)).toEqual(['miss', 'read 2'])
    },
  )

  it('cancels the reading when the last client has left, and gives the next one a new one', async () => {
    const source = aSource({ ms: 50 })
    const { cache } = await aCache()
    const [one, two] = [new AbortController(), new AbortController()]
    const both = [ask(cache, source, { signal: one.signal }), ask(cache, source, { signal: two.signal })]
    const ended = Promise.allSettled(both)
    await sleep(5)
    one.abort(new Problem('cancelled', 'left'))
    await sleep(5)
    expect(source.cancelled).toBe(0)
    two.abort(new Problem('cancelled', 'left'))
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect.poll(() => source.cancelled).toBe(1)
    expect(await ask(cache, source)).toEqual(['miss', 'read 2'])
  })

  it('caches nothing when it is switched off, nor what is too large', async () => {
    const source = aSource({ size: 2000 })
    const off = await aCache({ settings: { enabled: false } })
    expect([await ask(off.cache, source), await ask(off.cache, source)]).toEqual([
      ['bypass', 'read 1'],
      ['bypass', 'read 2'],
    ])
    const small = await aCache({ settings: { maxEntryBytes: 1999 } })
    expect([await ask(small.cache, source), await ask(small.cache, source)]).toEqual([
      ['miss', 'read 3'],
      ['miss', 'read 4'],
    ])
    const none = await aCache({ settings: { memoryBytes: 0 } })
    expect([await ask(none.cache, source), await ask(none.cache, source)]).toEqual([
      ['miss', 'read 5'],
      ['miss', 'read 6'],
    ])
  })

  it('asks nothing of a bus that is in this process alone', async () => {
    const source = aSource()
    const clock = movedClock()
    const bus = aFaultyBus(await openBus({ kind: 'memory', cacheBytes: 1_000_000 }, { clock, log: silentLog }))
    const { cache } = await aCache({ clock, bus })
    expect([await ask(cache, source), await ask(cache, source)]).toEqual([
      ['miss', 'read 1'],
      ['hit', 'read 1'],
    ])
    expect(bus.calls).toBe(0)
  })
})
