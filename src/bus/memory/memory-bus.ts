import { Problem } from '../../base/index.ts'
import { checkQueueName } from '../check-queued.ts'
import type { Bus } from '../port.ts'
import type { BusDeps } from '../settings.ts'
import { createByteCache } from './byte-cache.ts'
import { createCounters } from './counters.ts'
import { createLocks } from './locks.ts'
import { createMessages } from './messages.ts'
import { createMemoryQueue, type MemoryQueue } from './queue.ts'

/** All that a single process needs of the bus. After `close` nothing works and nothing is delivered, except letting go of leases. */
export function createMemoryBus(cacheBytes: number, { clock, log }: BusDeps): Bus {
  const cache = createByteCache(cacheBytes, clock)
  const counters = createCounters(clock)
  const locks = createLocks(clock)
  const messages = createMessages(log)
  const queues = new Map<string, MemoryQueue>()
  let closed = false

  const whileOpen =
    <A extends readonly unknown[], R>(work: (...args: A) => R) =>
    async (...args: A): Promise<R> => {
      if (closed) throw new Problem('internal', 'The bus is closed.')
      return work(...args)
    }

  function queue(name: string): MemoryQueue {
    checkQueueName(name)
    const known = queues.get(name)
    if (known) return known
    const made = createMemoryQueue(name, clock)
    if (closed) void made.end()
    queues.set(name, made)
    return made
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
    // No connection that could be lost lies in between.
    whenInterrupted: () => () => {},
    queue,
    ping: whileOpen(() => {}),
    close: async () => {
      closed = true
      await Promise.all([...queues.values()].map((each) => each.end()))
      messages.close()
      locks.close()
      cache.clear()
    },
  }
}
