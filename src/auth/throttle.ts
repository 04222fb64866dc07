import { type Clock, Problem, sha256 } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import { clientNetwork } from './address.ts'
import { usernameKey } from './username.ts'

/** An address may stand for an office, so it may fail more often than a user. */
const addressFactor = 10

export interface ThrottleSettings {
  /** Failures within `window` before a user has to wait; ten times as many for an address. */
  readonly attempts: number
  /** Milliseconds. */
  readonly window: number
  /** Milliseconds. */
  readonly cool_down: number
}

export interface Attempt {
  readonly username: string
  readonly address: string
}

/** Counts failed sign-ins by user, known or not, and by address. */
export interface Throttle {
  /** Errors: `throttled` while the user or the address cools down, whatever the password. */
  check(attempt: Attempt): Promise<void>
  failed(attempt: Attempt): Promise<void>
  /** Forgets the failures of the user, but not those of the address: a good account must not help to guess others. */
  succeeded(attempt: Attempt): Promise<void>
}

export interface ThrottleDeps {
  readonly bus: Bus
  readonly clock: Clock
  readonly settings: ThrottleSettings
}

export function createThrottle({ bus, clock, settings }: ThrottleDeps): Throttle {
  const { attempts, window, cool_down: coolDown } = settings

  async function remaining(key: string): Promise<number> {
    const until = await bus.cache.get(`${key}:until`)
    return until === null ? 0 : Number(until.toString()) - clock.now()
  }

  /** The cache may forget a cool-down under pressure. The counter does not: the next failure starts another one. */
  async function count(key: string, limit: number): Promise<void> {
    if ((await bus.increment(key, window)) < limit) return
    await bus.cache.set(`${key}:until`, Buffer.from(String(clock.now() + coolDown)), coolDown)
  }

  return {
    async check(attempt) {
      const waits = await Promise.all([remaining(userKey(attempt)), remaining(addressKey(attempt))])
      const wait = Math.max(...waits)
      if (wait <= 0) return
      const seconds = Math.ceil(wait / 1000)
      throw new Problem('throttled', `Too many failed sign-ins; try again in ${seconds} s.`, { retryAfter: seconds })
    },
    async failed(attempt) {
      await Promise.all([count(userKey(attempt), attempts), count(addressKey(attempt), attempts * addressFactor)])
    },
    async succeeded(attempt) {
      await bus.reset(userKey(attempt))
    },
  }
}

/** Hashed: a name may be long, and may be a password that was typed into the wrong field. */
const userKey = ({ username }: Attempt) => `auth:failed:user:${sha256(usernameKey(username))}`
const addressKey = ({ address }: Attempt) => `auth:failed:address:${clientNetwork(address)}`
