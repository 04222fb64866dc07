import { setTimeout as sleep } from 'node:timers/promises'
import { silentLog, systemClock } from '../../src/base/index.ts'
import { type Bus, openBus } from '../../src/bus/index.ts'
import { type AnswerCache, createAnswerCache } from '../../src/data/cache/answer-cache.ts'
import type { CacheSettings, CacheTimes } from '../../src/data/cache/settings.ts'

/** A bus on which processes meet: a memory bus that does not say that it is in one process only. */
export async function aSharedBus(clock = systemClock): Promise<Bus> {
  return { ...(await openBus({ kind: 'memory', cacheBytes: 50_000_000 }, { clock, log: silentLog })), local: false }
}

/** What can go wrong with a bus: errors, no answer at all, late answers, and other bytes than were stored. */
export type Fault = 'none' | 'errors' | 'hangs' | 'slow' | 'garbled'

/** A bus that can be made to fail at any time, and that counts what is asked of it. */
export function aFaultyBus(bus: Bus): Bus & { fault: Fault; calls: number } {
  async function pass<T>(operation: () => Promise<T>): Promise<T> {
    faulty.calls++
    if (faulty.fault === 'errors') throw new Error('planted: the connection is lost')
    if (faulty.fault === 'hangs') return new Promise<never>(() => {})
    if (faulty.fault === 'slow') await sleep(300)
    return operation()
  }
  const faulty = {
    fault: 'none' as Fault,
    calls: 0,
    local: bus.local,
    cache: {
      get: (key: string) =>
        pass(async () => {
          const bytes = await bus.cache.get(key)
          return bytes && faulty.fault === 'garbled' ? garble(bytes) : bytes
        }),
      set: (key: string, value: Buffer, ttlMs: number) => pass(() => bus.cache.set(key, value, ttlMs)),
      setInOrder: (key: string, value: Buffer, about: { ttlMs: number; order: number }) =>
        pass(() => bus.cache.setInOrder(key, value, about)),
      remove: (key: string) => pass(() => bus.cache.remove(key)),
    },
    increment: (key: string, windowMs: number) => pass(() => bus.increment(key, windowMs)),
    reset: (key: string) => pass(() => bus.reset(key)),
    lock: (key: string, leaseMs: number) => pass(() => bus.lock(key, leaseMs)),
    publish: (channel: string, payload: Parameters<Bus['publish']>[1]) => pass(() => bus.publish(channel, payload)),
    subscribe: (channel: string, receive: (payload: unknown) => void) => pass(() => bus.subscribe(channel, receive)),
    whenInterrupted: (notice: () => void) => bus.whenInterrupted(notice),
    queue: (name: string) => bus.queue(name),
    ping: () => pass(() => bus.ping()),
    close: () => bus.close(),
  }
  return faulty
}

/** One byte near the end is another one. */
function garble(bytes: Buffer): Buffer {
  const at = bytes.length - 3
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}

const cacheSettings: CacheSettings = {
  enabled: true,
  ttlMs: 60_000,
  staleMs: 0,
  maxEntryBytes: 1_000_000,
  memoryBytes: 10_000_000,
  minTimeMs: 0,
  errorTtlMs: 5000,
  freshReads: 3,
}

/** Short ones, so that a test of patience does not take long. */
export const quickTimes: CacheTimes = {
  busDeadline: 60,
  storeDeadline: 200,
  busFailures: 3,
  busPause: 150,
  lease: 200,
  look: 50,
}

const closers: (() => Promise<void>)[] = []

/** For `afterEach`. */
export async function closeCaches(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}

const start = 1_800_000_000_000
export function movedClock() {
  let moved = 0
  const began = performance.now()
  return {
    now: () => start + moved + Math.floor(performance.now() - began),
    move: (ms: number) => {
      moved += ms
    },
  }
}

/** A source that counts, and gives another text each time. */
export function aSource({ ms = 5, size = 20 } = {}) {
  const source = {
    reads: 0,
    cancelled: 0,
    fails: null as Error | null,
    compute: async (signal: AbortSignal) => {
      source.reads++
      const read = source.reads
      try {
        await sleep(ms, undefined, { signal })
      } catch {
        source.cancelled++
        throw signal.reason
      }
      if (source.fails) throw source.fails
      return { body: Buffer.from(`read ${read} `.padEnd(size, '.')), timings: { execute: ms } }
    },
  }
  return source
}

interface World {
  readonly settings?: Partial<CacheSettings>
  readonly clock?: ReturnType<typeof movedClock>
  readonly bus?: Bus
}

export async function aCache({ settings = {}, clock = movedClock(), bus }: World = {}) {
  const used = bus ?? (await openBus({ kind: 'memory', cacheBytes: 1_000_000 }, { clock, log: silentLog }))
  const cache = createAnswerCache({
    ...{ bus: used, clock, times: quickTimes, timeoutMs: 5000 },
    settings: { ...cacheSettings, ...settings },
  })
  closers.push(() => cache.close())
  return { cache, clock }
}

export async function ask(cache: AnswerCache, source: ReturnType<typeof aSource>, about: Asking = {}) {
  const { key = 'k', ttlMs, forcedBy, signal = new AbortController().signal } = about
  const served = await cache.through({ key, ttlMs, compute: source.compute }, { signal }, forcedBy)
  return [served.state, served.body.toString().replaceAll('.', '').trim()]
}
interface Asking {
  key?: string
  ttlMs?: number
  forcedBy?: string
  signal?: AbortSignal
}
