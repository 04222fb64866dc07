import { LRUCache } from 'lru-cache'
import type { AppCtx, Principal } from '../access/index.ts'
import { canonicalJson, sha256 } from '../base/index.ts'

/** Who asks for what, and everything else that decides under which key the answer is kept. */
export interface Asking {
  readonly ctx: Pick<AppCtx, 'principal' | 'app' | 'stage'>
  /** The id of the release that is read. */
  readonly release: string
  /** What is asked for: equal names, equal requests. */
  readonly name: string
  readonly now: number
}

/** What preparing a request found out. */
export interface Known {
  readonly key: string
  readonly ttlMs: number | undefined
  readonly dataVersion: string
}

/**
 * Requests that were prepared before, so that their answers are found without parsing them again. Preparing is a function of what
 * `Asking` holds, so nothing here grows old: whatever changes about a user, a release or a day leads past it. Only requests of which
 * that is true may be put in: not those that read a connection, which changes by itself.
 */
export interface KnownRequests {
  get(asking: Asking): Known | undefined
  set(asking: Asking, known: Known): void
}

/** What a request costs here: two texts of 64 to 200 characters, an object and the place in the list (measured on V8). */
const bytesEach = 700

const day = 86_400_000

export function createKnownRequests(budget: number): KnownRequests {
  const most = Math.floor(budget / bytesEach)
  // The package takes 0 for "no bound".
  const known = most > 0 ? new LRUCache<string, Known>({ max: most }) : undefined
  const identities = new WeakMap<Principal, string>()

  /** All of a principal, so that two people share nothing unless nothing about them is different. */
  function identityOf(principal: Principal): string {
    const made = identities.get(principal)
    if (made !== undefined) return made
    const { username, roles, privileges, groups, attributes } = principal
    const identity = sha256(canonicalJson([username, roles, privileges, groups, attributes]))
    identities.set(principal, identity)
    return identity
  }

  /** Relative dates count from the day, and nothing that is prepared looks at the clock more closely. */
  function keyOf({ ctx: { principal, app, stage }, release, name, now }: Asking): string {
    return `${app} ${stage} ${release} ${Math.floor(now / day)} ${identityOf(principal)} ${name}`
  }

  return {
    get: (asking) => known?.get(keyOf(asking)),
    set: (asking, { key, ttlMs, dataVersion }) => {
      known?.set(keyOf(asking), { key, ttlMs, dataVersion })
    },
  }
}
