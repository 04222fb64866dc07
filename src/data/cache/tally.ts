import type { Problem } from '../../base/index.ts'
import type { Entry } from './entry.ts'
import type { CacheState, Served, Timings } from './wanted.ts'

/** Gives answers and errors out, and counts them. */
export interface Tally {
  serve(state: CacheState, entry: Entry, timings?: Timings): Served
  /** Throws an error that was kept. */
  repeat(problem: Problem): never
  readonly counts: { readonly served: { readonly [state in CacheState]: number }; readonly repeatedErrors: number }
}

export function createTally(): Tally {
  const served = { hit: 0, miss: 0, stale: 0, bypass: 0 }
  let repeatedErrors = 0
  return {
    serve(state, { body, etag, at, forms }, timings = {}) {
      served[state]++
      return { body, etag, at, forms, state, timings }
    },
    repeat(problem) {
      repeatedErrors++
      throw problem
    },
    get counts() {
      return { served: { ...served }, repeatedErrors }
    },
  }
}
