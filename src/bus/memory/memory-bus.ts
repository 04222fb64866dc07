import { Problem } from '../../base/index.ts'
import type { Bus } from '../port.ts'
import type { BusDeps } from '../settings.ts'
import { createByteCache } from './byte-cache.ts'
import { createCounters } from './counters.ts'
import { createLocks } from './locks.ts'
import { createMessages } from './messages.ts'

/** All that a single process needs of the bus. After `close` nothing works and nothing is delivered, except letting go of leases. */
export function createMemoryBus(cacheBytes: number, { clock, log }: BusDeps): Bus {
  const cache = createByteCache(cacheBytes, clock)
  const counters = createCounters(clock)
  const locks = createLocks(clock)
  const messages = createMessages(log)
  let closed = false

  const whileOpen =
    <A extends readonly unknown[], R>(work: (...args: A) => R) =>
    async (...args: A): Promise<R> => {
      if (closed) throw new Problem('internal', 'The bus is closed.')
      return work(...args)
    }

  return {
    local: true,
    cache: {
      get: whileOpen(cache.get),
      set: whileOpen(cache.set),
      setInOrder: whileOpen(cache.setInOrder),
      remove: whileOpen(cache.remove),
    },
    increment: whileOpen(counters.increment),
    reset: whileOpen(counters.reset),
    lock: whileOpen(locks.lock),
    publish: whileOpen(messages.publish),
    subscribe: whileOpen(messages.subscribe),
    close: async () => {
      closed = true
      messages.close()
      locks.close()
      cache.clear()
    },
  }
}
