import type { Principal } from '../access/index.ts'
import type { JsonObject } from '../base/index.ts'
import type { CacheSettings } from './cache/settings.ts'

/** What a client asks for, before it is understood. `fresh` passes over what is cached, and replaces it. */
export interface QueryRequest {
  readonly domain?: string | undefined
  readonly pipeline: unknown
  readonly parameters: JsonObject
  readonly offset: number
  readonly limit: number | null
  readonly fresh: boolean
  /** Whether the answer tells how it came about. */
  readonly explain?: boolean | undefined
  /**
   * With whose rights the principal looks: what neither may see stays unseen, and templates have the values of this one. For builders only,
   * which is for the caller to know.
   */
  readonly viewAs?: Principal | undefined
  /**
   * What the request was read from, where that and nothing else says what is asked for, but for `fresh`: equal bytes are equal requests
   * then, wherever they came from. Without it the request is never recalled.
   */
  readonly bytes?: Buffer | undefined
}

export interface DataSettings {
  readonly whenUnset: 'allow' | 'deny'
  readonly timeoutMs: number
  readonly maxRows: number
  readonly maxSteps: number
  readonly limits: {
    /** Rows of an engine that the workbench may take for one query. */
    readonly maxFetchedRows: number
    /** Rows that the stages of a native query may read, and give. */
    readonly maxNativeRows: number
  }
  readonly cache: CacheSettings
}
