import { LRUCache } from 'lru-cache'
import { type Clock, Problem } from '../../base/index.ts'

export interface ByteCache {
  get(key: string): Buffer | null
  set(key: string, value: Buffer, ttlMs: number): void
  setInOrder(key: string, value: Buffer, about: { ttlMs: number; order: number }): boolean
  remove(key: string): void
  clear(): void
}

interface Entry {
  readonly bytes: Buffer
  /** When it is no longer given, in milliseconds since 1970. */
  readonly until: number
  readonly order: number
}

/** About what an entry costs beside its bytes and its key (measured on V8). */
const entryOverhead = 200

/**
 * The bytes last used, within a budget. Values are copied on their way in and out: as with a server in between, no caller can
 * change what another one gets. Expiry is ours and not the package's, which takes a start at 0 for "never" and rounds up.
 */
export function createByteCache(budget: number, clock: Clock): ByteCache {
  if (!Number.isSafeInteger(budget) || budget < 0) {
    throw new Problem(
      'config_invalid',
      `The cache of the bus cannot have ${budget} bytes: give a whole number, 0 for none.`,
    )
  }
  // The package takes a size of 0 for "no bound".
  const entries = budget === 0 ? undefined : bounded(budget)

  function find(key: string): Entry | undefined {
    const entry = entries?.get(key)
    if (entry === undefined || clock.now() < entry.until) return entry
    entries?.delete(key)
    return undefined
  }

  function put(key: string, value: Buffer, { ttlMs, order }: { ttlMs: number; order: number }): void {
    // `>` also turns a NaN away.
    if (ttlMs > 0) entries?.set(key, { bytes: tightCopy(value), until: clock.now() + ttlMs, order })
    else entries?.delete(key)
  }

  return {
    get(key) {
      const entry = find(key)
      return entry ? Buffer.from(entry.bytes) : null
    },
    set: (key, value, ttlMs) => put(key, value, { ttlMs, order: Number.NEGATIVE_INFINITY }),
    setInOrder(key, value, about) {
      const before = find(key)
      if (before && before.order > about.order) return false
      put(key, value, about)
      return true
    },
    remove: (key) => {
      entries?.delete(key)
    },
    clear: () => entries?.clear(),
  }
}

function bounded(budget: number): LRUCache<string, Entry> {
  return new LRUCache<string, Entry>({
    maxSize: budget,
    sizeCalculation: (entry, key) => entry.bytes.length + 2 * key.length + entryOverhead,
  })
}

/** Memory of its own: a small buffer is otherwise a slice of a pool, which it would keep alive beyond the budget. */
function tightCopy(value: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(value.length)
  value.copy(copy)
  return copy
}
