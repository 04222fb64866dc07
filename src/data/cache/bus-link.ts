import type { Bus } from '../../bus/index.ts'
import type { CacheTimes } from './settings.ts'

/** What an operation answers that the bus did not do, or not in time. */
export const unavailable: unique symbol = Symbol('unavailable')
export type Unavailable = typeof unavailable

export interface LinkStats {
  /** Operations that failed or took too long, and those that were not even tried because the ones before had. */
  readonly failed: number
  readonly skipped: number
  /** Whether the bus is being left alone at the moment. */
  readonly paused: boolean
}

/** The bus as the cache sees it: never an error, never a long wait. */
export interface BusLink {
  /** `late` gets what arrives after the deadline, to give it back. */
  attempt<T>(operation: (bus: Bus) => Promise<T>, options?: AttemptOptions<T>): Promise<T | Unavailable>
  readonly stats: LinkStats
}

export interface AttemptOptions<T> {
  readonly deadline?: number
  late?(value: T): Promise<void>
}

/**
 * After a few failures in a row the bus is left alone for a while, then one operation tries it again: it alone decides whether
 * the others may follow.
 */
export function createBusLink(bus: Bus, times: CacheTimes): BusLink {
  const stats = { failed: 0, skipped: 0 }
  let failures = 0
  let pausedUntil = 0
  let probing = false

  const mayTry = () => failures < times.busFailures || (!probing && performance.now() >= pausedUntil)

  function fail(): void {
    stats.failed++
    failures++
    if (failures >= times.busFailures) pausedUntil = performance.now() + times.busPause
  }

  return {
    async attempt(operation, { deadline = times.busDeadline, late } = {}) {
      if (!mayTry()) {
        stats.skipped++
        return unavailable
      }
      const isProbe = failures >= times.busFailures
      if (isProbe) probing = true
      try {
        const value = await inTime(operation(bus), deadline, late)
        failures = 0
        return value
      } catch {
        fail()
        return unavailable
      } finally {
        if (isProbe) probing = false
      }
    },
    get stats() {
      return { ...stats, paused: failures >= times.busFailures }
    },
  }
}

function inTime<T>(operation: Promise<T>, deadline: number, late?: (value: T) => Promise<void>): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false
    const giveUp = () => {
      over = true
      reject(unavailable)
    }
    // When this process was busy, its timers come before the answers that have long arrived: let those in first.
    const timer = setTimeout(() => setImmediate(giveUp), deadline)
    operation.then(
      (value) => {
        clearTimeout(timer)
        if (over) late?.(value).catch(() => {})
        else resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
