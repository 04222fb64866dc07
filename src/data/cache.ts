import { sha256 } from '../base/index.ts'
import type { BusCache } from '../bus/index.ts'

/** A cached body and when it was read from the engine (milliseconds since 1970). */
export interface Entry {
  readonly body: Buffer
  readonly etag: string
  readonly at: number
}

/** Bodies under keys. What is stored is a line of JSON about the body, then the body itself: reading one back copies nothing. */
export interface AnswerCache {
  get(key: string): Promise<Entry | null>
  /** Makes the entry of a fresh body, and keeps it unless it is larger than `maxEntry`. */
  keep(key: string, body: Buffer, at: number): Promise<Entry>
}

export interface AnswerCacheSettings {
  readonly enabled: boolean
  readonly ttlMs: number
  readonly maxEntryBytes: number
}

export function createAnswerCache(cache: BusCache, settings: AnswerCacheSettings): AnswerCache {
  return {
    async get(key) {
      const stored = settings.enabled ? await cache.get(key) : null
      return stored && decode(stored)
    },
    async keep(key, body, at) {
      const entry: Entry = { body, at, etag: `"${sha256(body).slice(0, 32)}"` }
      if (settings.enabled && body.length <= settings.maxEntryBytes) await cache.set(key, encode(entry), settings.ttlMs)
      return entry
    },
  }
}

function encode({ body, etag, at }: Entry): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ etag, at })}\n`), body])
}

function decode(stored: Buffer): Entry | null {
  const end = stored.indexOf(10)
  if (end < 0) return null
  const { etag, at } = JSON.parse(stored.toString('utf8', 0, end)) as { etag: string; at: number }
  return { etag, at, body: stored.subarray(end + 1) }
}
