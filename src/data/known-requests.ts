import { LRUCache } from 'lru-cache'
import type { AppCtx, Principal, Stage } from '../access/index.ts'
import { canonicalJson, sha256 } from '../base/index.ts'

/** Who asks for what, and everything else that decides under which key the answer is kept. */
export interface Asking {
  readonly ctx: Pick<AppCtx, 'principal' | 'app' | 'stage'>
  /** The id of the release that is read. */
  readonly release: string
  /** What is asked for: equal bytes, equal requests. */
  readonly bytes: Buffer
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

/**
 * What decides about an answer beside the request itself. All of the principal, so that two people share nothing unless nothing about
 * them differs; and the day, because relative dates count from it, and nothing that is prepared looks at the clock more closely.
 */
interface Scope {
  readonly app: string
  readonly stage: Stage
  readonly release: string
  readonly today: number
  readonly id: string
}

/** What a request costs here beside its name: two texts, an object and the place in the list (measured on V8). */
const overhead = 400

/** Longer requests are named by their hash: that takes longer than looking a short one up, and less memory than keeping a long one. */
const longestName = 1024

const day = 86_400_000

export function createKnownRequests(budget: number): KnownRequests {
  // The package takes 0 for "no bound".
  const known = budget > 0 ? bounded(budget) : undefined
  const scopes = new WeakMap<Principal, Scope>()

  /** The last one of a principal is kept: making it takes longer than all the rest. */
  function scopeOf({ ctx: { principal, app, stage }, release, now }: Asking): string {
    const today = Math.floor(now / day)
    const last = scopes.get(principal)
    if (last && last.today === today && last.release === release && last.app === app && last.stage === stage)
      return last.id
    const { username, roles, privileges, groups, attributes } = principal
    const whole = [username, roles, privileges, groups, attributes, app, stage, release, today]
    const id = sha256(canonicalJson(whole))
    scopes.set(principal, { app, stage, release, today, id })
    return id
  }

  const keyOf = (asking: Asking): string => scopeOf(asking) + nameOf(asking.bytes)

  return {
    get: (asking) => known?.get(keyOf(asking)),
    set: (asking, { key, ttlMs, dataVersion }) => {
      known?.set(keyOf(asking), { key, ttlMs, dataVersion })
    },
  }
}

function bounded(budget: number): LRUCache<string, Known> {
  return new LRUCache<string, Known>({ maxSize: budget, sizeCalculation: (_, key) => key.length + overhead })
}

/** No JSON begins as a hash does here, so that none is taken for one. */
function nameOf(bytes: Buffer): string {
  return bytes.length <= longestName ? bytes.toString('latin1') : `#${sha256(bytes)}`
}
