import type { Clock } from '../../base/index.ts'
import { checkDuration } from '../check-duration.ts'
import { createExpiringMap } from './expiring-map.ts'

export interface Counters {
  increment(key: string, windowMs: number): number
  reset(key: string): void
}

/** Counters that start again at 1 when their window is over. A window keeps the length that its first call gave. */
export function createCounters(clock: Clock): Counters {
  const windows = createExpiringMap<{ readonly count: number; readonly until: number }>(clock)
  return {
    increment(key, windowMs) {
      checkDuration(windowMs)
      const running = windows.get(key)
      const count = (running?.count ?? 0) + 1
      windows.set(key, { count, until: running?.until ?? clock.now() + windowMs })
      return count
    },
    reset: windows.delete,
  }
}
