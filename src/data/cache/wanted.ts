import type { Entry } from './entry.ts'

/** An answer that somebody asks for. */
export interface Wanted {
  /** Names everything that the answer depends on, rules included: equal keys are answered alike, whoever asks. */
  readonly key: string
  /** Milliseconds; 0 caches nothing. Absent: that of the settings. */
  readonly ttlMs?: number | undefined
  compute(signal: AbortSignal): Promise<{ readonly body: Buffer; readonly timings: Timings }>
}

/** Milliseconds by phase, for `Server-Timing`. Phases that did not run are absent. */
export type Timings = { readonly [phase: string]: number }

/**
 * How the cache took part. `hit`: the answer was there. `miss`: it was computed for this request or for one at the same time.
 * `stale`: it is past its time to live, and is being read again. `bypass`: the client asked for a fresh read, or nothing is cached.
 */
export type CacheState = 'hit' | 'miss' | 'stale' | 'bypass'

export interface Served extends Entry {
  readonly state: CacheState
  readonly timings: Timings
}
