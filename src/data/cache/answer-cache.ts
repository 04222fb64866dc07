import type { Clock } from '../../base/index.ts'
import type { Bus } from '../../bus/index.ts'
import { createSingleFlight } from '../single-flight.ts'
import { createBackground } from './background.ts'
import { createBusLink, type LinkStats } from './bus-link.ts'
import { unpack } from './carried-problem.ts'
import { createComputations } from './computations.ts'
import type { Entry } from './entry.ts'
import { createFailures } from './failures.ts'
import { createAnswerMemory } from './memory.ts'
import { type CacheSettings, type CacheTimes, cacheTimes } from './settings.ts'
import { createSharedAnswers } from './shared-answers.ts'
import { createSharedFlight } from './shared-flight.ts'
import type { Stored } from './stored-form.ts'
import { createTally } from './tally.ts'
import type { CacheState, Served, Wanted } from './wanted.ts'

export interface CacheStats {
  readonly served: { readonly [state in CacheState]: number }
  /** Errors that were given again without asking their source. */
  readonly repeatedErrors: number
  /** Values of the bus that could not be used. */
  readonly garbled: number
  readonly memory: { readonly entries: number; readonly bytes: number }
  readonly bus: LinkStats
}

export interface Caller {
  /** Looked at only when there is something to wait for. */
  readonly signal: AbortSignal
}

/** Answers under keys: in this process, and behind it in the bus for all processes. */
export interface AnswerCache {
  /**
   * The answer, kept or computed. `forcedBy` is set when what is kept shall be passed over: who is that, for the limit of such reads;
   * beyond it the read is an ordinary one. Errors: those of `compute`, and the reason of `caller.signal` when the caller leaves.
   */
  through(wanted: Wanted, caller: Caller, forcedBy?: string): Promise<Served>
  /** The answer, when it lies in this process and is to be served as it is. */
  recall(wanted: Pick<Wanted, 'key' | 'ttlMs'>, now: number): Served | undefined
  stats(): CacheStats
  /** Stops what runs in the background, and waits for its end. */
  close(): Promise<void>
}

export interface AnswerCacheDeps {
  readonly bus: Bus
  readonly clock: Clock
  readonly settings: CacheSettings
  /** How long a computation may take: nobody waits longer for the one of another process. */
  readonly timeoutMs: number
  readonly times?: CacheTimes | undefined
}

export function createAnswerCache(deps: AnswerCacheDeps): AnswerCache {
  const { bus, clock, settings } = deps
  const { background, link, memory, failures, shared, computations, mayForce } = assemble(deps)
  const looks = createSingleFlight<Stored | null>()
  const tally = createTally()

  /** Undefined when it is too old. */
  function serveKept(wanted: Wanted, entry: Entry | null | undefined): Served | undefined {
    if (!entry) return undefined
    const { ttlMs = settings.ttlMs } = wanted
    const age = clock.now() - entry.at
    if (age < ttlMs) return tally.serve('hit', entry)
    if (age >= ttlMs + settings.staleMs) return undefined
    computations.again(wanted, background.signal)
    return tally.serve('stale', entry)
  }

  async function kept(wanted: Wanted, caller: Caller): Promise<Served | undefined> {
    const { key } = wanted
    const here = serveKept(wanted, memory.get(key))
    if (here || bus.local) return here
    const stored = await looks.run(key, caller.signal, () => shared.get(key))
    if (stored?.kind === 'error') return tally.repeat(unpack(stored.problem))
    return serveKept(wanted, memory.get(key) ?? (stored && memory.keep(key, stored.entry)))
  }

  return {
    async through(wanted, caller, forcedBy) {
      const { key, ttlMs = settings.ttlMs } = wanted
      if (!settings.enabled || ttlMs <= 0) {
        const { entry, timings } = await computations.unkept(wanted, caller.signal)
        return tally.serve('bypass', entry, timings)
      }
      if (forcedBy !== undefined && (await mayForce(forcedBy))) {
        const { entry, timings } = await computations.afresh(wanted, caller.signal)
        return tally.serve('bypass', entry, timings)
      }
      const answer = await kept(wanted, caller)
      if (answer) return answer
      const failure = failures.get(key)
      if (failure) return tally.repeat(failure)
      const { entry, timings } = await computations.together(wanted, caller.signal)
      return tally.serve('miss', entry, timings)
    },
    recall({ key, ttlMs = settings.ttlMs }, now) {
      const entry = settings.enabled ? memory.get(key) : undefined
      return entry && now - entry.at < ttlMs ? tally.serve('hit', entry) : undefined
    },
    stats: () => ({
      ...tally.counts,
      garbled: shared.garbled,
      memory: memory.size,
      bus: link.stats,
    }),
    async close() {
      await background.end()
      memory.clear()
    },
  }
}

/**
 * On a bus that is `local` the bus cache is left out: it would hold the same bytes in the same memory a second time, copied on every
 * read, and could not hold compressed forms. There, too, nobody else can be computing.
 */
function assemble({ bus, clock, settings, timeoutMs, times = cacheTimes }: AnswerCacheDeps) {
  const background = createBackground()
  const { later } = background
  const link = createBusLink(bus, times)
  const memory = createAnswerMemory(settings.enabled ? settings.memoryBytes : 0, settings.maxEntryBytes)
  const failures = createFailures(clock, settings.errorTtlMs)
  const shared = createSharedAnswers({ link, clock, settings, times })
  const sharedFlight = bus.local ? null : createSharedFlight({ link, times, patience: timeoutMs, later })
  const computations = createComputations({ clock, settings, memory, failures, shared, sharedFlight, later })
  const mayForce = async (who: string): Promise<boolean> => {
    const count = await link.attempt((bus) => bus.increment(`data:fresh:${who}`, minute))
    return typeof count === 'number' && count <= settings.freshReads
  }
  return { background, link, memory, failures, shared, computations, mayForce }
}

const minute = 60_000
