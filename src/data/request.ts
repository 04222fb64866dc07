import type { JsonObject } from '../base/index.ts'

/** What a client asks for, before it is understood. `fresh` leaves the cache aside and replaces what it holds. */
export interface QueryRequest {
  readonly domain?: string | undefined
  readonly pipeline: unknown
  readonly parameters: JsonObject
  readonly offset: number
  readonly limit: number | null
  readonly fresh: boolean
}

export interface DataSettings {
  readonly whenUnset: 'allow' | 'deny'
  readonly timeoutMs: number
  readonly maxRows: number
  readonly maxSteps: number
  readonly cache: { readonly enabled: boolean; readonly ttlMs: number; readonly maxEntryBytes: number }
}
