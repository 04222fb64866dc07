import type { Clock } from '../../base/index.ts'
import { isSourceError } from './carried-problem.ts'
import { type Entry, tagOf, toEntry } from './entry.ts'
import type { Failures } from './failures.ts'
import type { Timings, Wanted } from './wanted.ts'

export interface Computed {
  readonly entry: Entry
  readonly timings: Timings
  /** How long it took; null when another process did it. */
  readonly ms: number | null
}

/** Computes an answer, times it and names its bytes. The error of a source is remembered. */
export type Read = (wanted: Wanted, signal: AbortSignal) => Promise<Computed>

export function createRead({ clock, failures }: { readonly clock: Clock; readonly failures: Failures }): Read {
  return async ({ key, compute }, signal) => {
    // Before the source is asked, so that a change during the reading never looks as if it had been read.
    const at = clock.now()
    const started = performance.now()
    try {
      const { body, timings } = await compute(signal)
      failures.forget(key)
      return { entry: toEntry({ body, etag: tagOf(body), at }), timings, ms: performance.now() - started }
    } catch (error) {
      if (isSourceError(error)) failures.remember(key, error)
      throw error
    }
  }
}
