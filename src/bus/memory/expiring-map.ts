import type { Clock } from '../../base/index.ts'

export interface ExpiringMap<V extends { readonly until: number }> {
  /** Undefined from `until` on. */
  get(key: string): V | undefined
  set(key: string, value: V): void
  delete(key: string): void
}

/** A map whose entries end. Ended ones are cleared out whenever the map has doubled, so it stays within twice what is alive. */
export function createExpiringMap<V extends { readonly until: number }>(clock: Clock): ExpiringMap<V> {
  const entries = new Map<string, V>()
  let clearAt = 1024

  function clearEnded(): void {
    const now = clock.now()
    for (const [key, entry] of entries) {
      if (entry.until <= now) entries.delete(key)
    }
    clearAt = Math.max(1024, entries.size * 2)
  }

  return {
    get(key) {
      const entry = entries.get(key)
      return entry === undefined || entry.until <= clock.now() ? undefined : entry
    },
    set(key, value) {
      entries.set(key, value)
      if (entries.size >= clearAt) clearEnded()
    },
    delete: (key) => {
      entries.delete(key)
    },
  }
}
