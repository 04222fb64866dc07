import type { Clock, Problem } from '../../base/index.ts'
import type { BusLink } from './bus-link.ts'
import { unavailable } from './bus-link.ts'
import { carry } from './carried-problem.ts'
import type { PlainEntry } from './entry.ts'
import type { CacheSettings, CacheTimes } from './settings.ts'
import { decode, encode, type Stored } from './stored-form.ts'

/** The answers that processes share through the bus. Nothing here fails: without the bus nothing is found or kept. */
export interface SharedAnswers {
  get(key: string): Promise<Stored | null>
  /** Keeps an answer for as long as anybody may be served it, unless a newer one is there. Whether it is there now. */
  put(key: string, entry: PlainEntry, ttlMs: number): Promise<boolean>
  /** Lets the others know for a short while that the source failed; whether they will. */
  putError(key: string, problem: Problem, at: number): Promise<boolean>
  /** Values that were found and could not be used. */
  readonly garbled: number
}

export interface SharedAnswersDeps {
  readonly link: BusLink
  readonly clock: Clock
  readonly settings: CacheSettings
  readonly times: CacheTimes
}

export function createSharedAnswers({ link, clock, settings, times }: SharedAnswersDeps): SharedAnswers {
  let garbled = 0

  async function set(key: string, bytes: Buffer, about: { ttlMs: number; order: number }): Promise<boolean> {
    if (about.ttlMs <= 0) return false
    const kept = await link.attempt((bus) => bus.cache.setInOrder(key, bytes, about), { deadline: times.storeDeadline })
    return kept !== unavailable
  }

  return {
    async get(key) {
      const bytes = await link.attempt((bus) => bus.cache.get(key))
      if (bytes === unavailable || bytes === null) return null
      const stored = decode(key, bytes)
      // Read in what is the future here: a clock is wrong, and its age cannot be told.
      if (stored?.kind === 'answer' && stored.entry.at <= clock.now() + allowedSkew) return stored
      if (stored?.kind === 'error') return clock.now() < stored.until ? stored : null
      garbled++
      return null
    },
    put(key, entry, ttlMs) {
      const about = { ttlMs: entry.at + ttlMs + settings.staleMs - clock.now(), order: entry.at }
      return set(key, encode(key, { kind: 'answer', entry }), about)
    },
    putError(key, problem, at) {
      const until = clock.now() + settings.errorTtlMs
      const about = { ttlMs: settings.errorTtlMs, order: at }
      return set(key, encode(key, { kind: 'error', problem: carry(problem), until }), about)
    },
    get garbled() {
      return garbled
    },
  }
}

/** Milliseconds that the clocks of two machines may be apart. */
const allowedSkew = 10_000
