import { LRUCache } from 'lru-cache'

/** Things that were read from collections, in memory until something is written there. */
export interface ReadMemory<T extends object> {
  /** Undefined when it was not read since the last write. */
  get(key: string): T | undefined
  /** Reads it, and keeps what was read. Errors: those of `read`, which are not kept. */
  through(key: string, read: () => Promise<T>): Promise<T>
}

/** `changes` is that of the collection that is read, or the sum of several; `most` bounds how many things are kept. */
export function createReadMemory<T extends object>(changes: () => number | undefined, most: number): ReadMemory<T> {
  const known = new LRUCache<string, { readonly value: T; readonly at: number }>({ max: most })
  return {
    get(key) {
      const found = known.get(key)
      return found !== undefined && found.at === changes() ? found.value : undefined
    },
    async through(key, read) {
      // Taken before reading: a write in between makes what is kept old already.
      const at = changes()
      const value = await read()
      if (at !== undefined) known.set(key, { value, at })
      return value
    },
  }
}
