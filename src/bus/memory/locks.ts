import type { Clock } from '../../base/index.ts'
import { checkDuration } from '../check-duration.ts'
import type { Lease } from '../port.ts'
import { createExpiringMap } from './expiring-map.ts'

export interface Locks {
  lock(key: string, leaseMs: number): Lease | null
  /** Every lease is lost. */
  close(): void
}

interface Holder {
  readonly token: number
  readonly until: number
}

/** Tokens issued in one millisecond before they would run ahead of the clock. 1000 keeps them exact until the year 2255. */
const tokensPerMs = 1000

/**
 * Locks that end by themselves. Tokens are taken from the clock, so that they also grow from one start of the program to the
 * next: they are compared with tokens that a store has kept.
 */
export function createLocks(clock: Clock): Locks {
  const holders = createExpiringMap<Holder>(clock)
  let lastToken = 0
  let closed = false

  const holds = (key: string, token: number): boolean => !closed && holders.get(key)?.token === token

  function lock(key: string, leaseMs: number): Lease | null {
    checkDuration(leaseMs)
    if (holders.get(key) !== undefined) return null
    const token = Math.max(lastToken + 1, Math.floor(clock.now() * tokensPerMs))
    lastToken = token
    const extend = () => holders.set(key, { token, until: clock.now() + leaseMs })
    extend()
    return {
      key,
      token,
      renew: async () => {
        if (!holds(key, token)) return false
        extend()
        return true
      },
      release: async () => {
        if (holds(key, token)) holders.delete(key)
      },
    }
  }

  return {
    lock,
    close: () => {
      closed = true
    },
  }
}
