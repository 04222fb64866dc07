import { Problem } from '../../base/index.ts'
import type { BusCache } from '../port.ts'
import type { Client } from './connections.ts'
import type { Ask } from './failures.ts'
import { setInOrderScript } from './scripts.ts'

/** A value begins with its order. */
const headerBytes = 8

/** Expiry and eviction are the server's. */
export function createCache(client: Client, ask: Ask, keyOf: (key: string) => string): BusCache {
  const keep = (key: string, value: Buffer, ttlMs: number) =>
    // `>` also turns a NaN away.
    ttlMs > 0
      ? client.set(keyOf(key), withOrder(value, Number.NEGATIVE_INFINITY), 'PX', wholeMs(ttlMs))
      : client.del(keyOf(key))

  return {
    get: (key) =>
      ask(async () => {
        const bytes = await client.getBuffer(keyOf(key))
        return bytes && bytes.length >= headerBytes ? bytes.subarray(headerBytes) : null
      }),
    set: (key, value, ttlMs) =>
      ask(async () => {
        await keep(key, value, ttlMs)
      }),
    setInOrder: (key, value, { ttlMs, order }) =>
      ask(async () => {
        if (Number.isNaN(order)) throw new Problem('internal', 'NaN is not an order of cached values.')
        // Nothing is kept for that long; what is there is nevertheless judged by its order.
        const ms = ttlMs > 0 ? wholeMs(ttlMs) : 1
        return (await client.eval(setInOrderScript, 1, keyOf(key), withOrder(value, order), ms, `${order}`)) === 1
      }),
    remove: (key) =>
      ask(async () => {
        await client.del(keyOf(key))
      }),
  }
}

function withOrder(value: Buffer, order: number): Buffer {
  const header = Buffer.allocUnsafe(headerBytes)
  header.writeDoubleBE(order)
  return Buffer.concat([header, value])
}

/** What Redis takes: at least one, and a number that it can add to its clock. */
export function wholeMs(ms: number): number {
  return Math.min(Math.max(1, Math.round(ms)), 1e13)
}
