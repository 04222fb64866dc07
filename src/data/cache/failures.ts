import { LRUCache } from 'lru-cache'
import type { Clock, Problem } from '../../base/index.ts'

/** Errors of sources, remembered for a short while, so that a source in trouble is not asked again by everybody. */
export interface Failures {
  get(key: string): Problem | undefined
  remember(key: string, problem: Problem): void
  forget(key: string): void
}

const mostFailures = 1000

export function createFailures(clock: Clock, ttlMs: number): Failures {
  const failures = new LRUCache<string, { readonly problem: Problem; readonly until: number }>({ max: mostFailures })
  return {
    get(key) {
      const failure = failures.get(key)
      return failure && clock.now() < failure.until ? failure.problem : undefined
    },
    remember: (key, problem) => {
      failures.set(key, { problem, until: clock.now() + ttlMs })
    },
    forget: (key) => {
      failures.delete(key)
    },
  }
}
