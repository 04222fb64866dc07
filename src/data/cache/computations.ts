import type { Clock } from '../../base/index.ts'
import { createSingleFlight } from '../single-flight.ts'
import { isSourceError, unpack } from './carried-problem.ts'
import type { Failures } from './failures.ts'
import type { AnswerMemory } from './memory.ts'
import { type Computed, createRead } from './reading.ts'
import type { CacheSettings } from './settings.ts'
import type { SharedAnswers } from './shared-answers.ts'
import type { SharedFlight } from './shared-flight.ts'
import type { SharedWork } from './shared-work.ts'
import type { Wanted } from './wanted.ts'

/** How an answer comes about that is not there. In each way the last caller who leaves cancels the work. */
export interface Computations {
  /** Once for all callers of all processes. */
  together(wanted: Wanted, signal: AbortSignal): Promise<Computed>
  /** As `together`, for nobody in particular: it goes on until `signal` aborts. Does nothing where it would not help. */
  again(wanted: Wanted, signal: AbortSignal): void
  /** Anew, whatever is there, in place of what is there. */
  afresh(wanted: Wanted, signal: AbortSignal): Promise<Computed>
  /** For callers at the same time only; nothing is kept. */
  unkept(wanted: Wanted, signal: AbortSignal): Promise<Computed>
}

export interface ComputationsDeps {
  readonly clock: Clock
  readonly settings: CacheSettings
  readonly memory: AnswerMemory
  readonly failures: Failures
  readonly shared: SharedAnswers
  /** Null where this process is alone. */
  readonly sharedFlight: SharedFlight | null
  /** Takes what goes on after the answer was given. */
  later(work: Promise<unknown>): void
}

export function createComputations(deps: ComputationsDeps): Computations {
  const { clock, settings, memory, failures, shared, sharedFlight, later } = deps
  const read = createRead({ clock, failures })
  const flights = createSingleFlight<Computed>()

  async function computeAndKeep(wanted: Wanted, signal: AbortSignal) {
    const computed = await read(wanted, signal)
    return { ...computed, entry: memory.keep(wanted.key, computed.entry) }
  }

  async function share({ key, ttlMs = settings.ttlMs }: Wanted, { entry, ms }: Computed): Promise<boolean> {
    const worthIt = ms !== null && ms >= settings.minTimeMs && entry.body.length <= settings.maxEntryBytes
    return worthIt && shared.put(key, entry, ttlMs)
  }

  async function look({ key, ttlMs = settings.ttlMs }: Wanted): Promise<Computed | null> {
    const stored = await shared.get(key)
    if (stored?.kind === 'error') throw unpack(stored.problem)
    if (!stored || clock.now() - stored.entry.at >= ttlMs) return null
    return { entry: memory.keep(key, stored.entry), timings: {}, ms: null }
  }

  function workOf(wanted: Wanted, signal: AbortSignal, about: { inPlaceOfStale: boolean }): SharedWork<Computed> {
    const startedAt = clock.now()
    return {
      look: () => look(wanted),
      compute: () => computeAndKeep(wanted, signal),
      share: (computed) => share(wanted, computed),
      async shareError(error) {
        // An old answer that may still be served is better than an error.
        if (isSourceError(error) && !about.inPlaceOfStale) await shared.putError(wanted.key, error, startedAt)
      },
    }
  }

  const start = (wanted: Wanted, about: { inPlaceOfStale: boolean }) => (signal: AbortSignal) =>
    sharedFlight?.run(wanted.key, signal, workOf(wanted, signal, about)) ?? computeAndKeep(wanted, signal)

  return {
    together: (wanted, signal) => flights.run(wanted.key, signal, start(wanted, { inPlaceOfStale: false })),
    again(wanted, signal) {
      if (flights.has(wanted.key) || failures.get(wanted.key) || signal.aborted) return
      const begin = start(wanted, { inPlaceOfStale: true })
      const refresh = flights.run(wanted.key, signal, (signal) => {
        const work = begin(signal)
        // The flight is over for us as soon as `signal` aborts, the work itself a little later.
        later(work)
        return work
      })
      later(refresh)
    },
    afresh: (wanted, signal) =>
      flights.run(`${wanted.key} fresh`, signal, async (signal) => {
        const computed = await computeAndKeep(wanted, signal)
        if (sharedFlight) later(share(wanted, computed))
        return computed
      }),
    unkept: (wanted, signal) => flights.run(`${wanted.key} unkept`, signal, (signal) => read(wanted, signal)),
  }
}
