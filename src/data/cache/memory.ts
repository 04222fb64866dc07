import { LRUCache } from 'lru-cache'
import { type Entry, type PlainEntry, toEntry } from './entry.ts'
import { tight } from './tight.ts'

/** The answers that were used last, within a budget of bytes, ready to be sent: a hit parses, hashes and copies nothing. */
export interface AnswerMemory {
  get(key: string): Entry | undefined
  /** Keeps an answer unless it is too large or a newer one is there. Answers the entry in any case. */
  keep(key: string, plain: PlainEntry): Entry
  readonly size: { readonly entries: number; readonly bytes: number }
  clear(): void
}

/** What an entry costs beside its bytes: objects, key, tag and the place in the list (measured on V8). */
const entryOverhead = 720

interface Held {
  readonly entry: Entry
}

export function createAnswerMemory(budget: number, maxEntryBytes: number): AnswerMemory {
  // The package takes a size of 0 for "no bound".
  const entries = budget > 0 ? bounded(budget) : undefined

  /** The package weighs a value when it is set, and a value that it has already it does not weigh again. */
  function weighAgain(key: string, entry: Entry): void {
    if (entries?.peek(key)?.entry === entry) entries.set(key, { entry })
  }

  return {
    get: (key) => entries?.get(key)?.entry,
    keep(key, plain) {
      if (entries === undefined || plain.body.length > maxEntryBytes) return toEntry(plain)
      const entry: Entry = toEntry({ ...plain, body: tight(plain.body) }, () => weighAgain(key, entry))
      const before = entries.peek(key)?.entry
      if (before === undefined || before.at <= plain.at) entries.set(key, { entry })
      return entry
    },
    get size() {
      return { entries: entries?.size ?? 0, bytes: entries?.calculatedSize ?? 0 }
    },
    clear: () => entries?.clear(),
  }
}

function bounded(budget: number): LRUCache<string, Held> {
  return new LRUCache<string, Held>({
    maxSize: budget,
    sizeCalculation: ({ entry }) => entry.body.length + (entry.forms?.size() ?? 0) + entryOverhead,
  })
}
