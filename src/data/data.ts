import { type AppCtx, planGuarded } from '../access/index.ts'
import { type Clock, isProblem, Problem } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Release } from '../catalog/index.ts'
import type { Rows } from '../rows/index.ts'
import { type Answer, presentSlice } from './answer.ts'
import { type CacheStats, createAnswerCache } from './cache/answer-cache.ts'
import type { CacheTimes } from './cache/settings.ts'
import type { Wanted } from './cache/wanted.ts'
import { createDropCounter, type DropCounter } from './dropped-rows.ts'
import { explain } from './explain.ts'
import { type Asking, createKnownRequests } from './known-requests.ts'
import { type Prepared, prepare } from './prepare.ts'
import type { DataSettings, QueryRequest } from './request.ts'
import { runPlan } from './run-plan.ts'
import type { OpenConnection } from './sources.ts'

/** The door: the only way from a request to rows. */
export interface Data {
  /**
   * resolve → guard → cache → plan → fetch. Errors: `pipeline_invalid` (step, column, nearest names, positions), `data_refused`
   * (a rule that cannot be applied), `query_failed`, `query_timeout`, `cancelled`.
   */
  run(ctx: AppCtx, release: Release, request: QueryRequest): Promise<Answer>
  /**
   * The answer to a request that `run` has prepared before, by its bytes, for the very same principal, release and day; undefined
   * unless that answer can be given at once.
   */
  recall(ctx: Asking['ctx'], release: string, bytes: Buffer): Answer | undefined
  stats(): CacheStats
  /** Stops what is being read again in the background. */
  close(): Promise<void>
}

export interface DataDeps {
  readonly rows: Rows
  readonly bus: Bus
  readonly clock: Clock
  readonly openConnection: OpenConnection
  readonly settings: DataSettings
  readonly times?: CacheTimes
}

export function createData({ rows, bus, clock, openConnection, settings, times }: DataDeps): Data {
  const cache = createAnswerCache({ bus, clock, settings: settings.cache, timeoutMs: settings.timeoutMs, times })
  const known = createKnownRequests(Math.min(mostForRequests, Math.floor(settings.cache.memoryBytes / 8)))
  const compute = createCompute({ rows, settings })

  return {
    async run(ctx, release, request) {
      const started = performance.now()
      const now = clock.now()
      const prepared = await prepare(ctx, { release, request, now: new Date(now) }, { rows, openConnection, settings })
      const planned = performance.now()
      const { key, ttlMs }: Pick<Wanted, 'key' | 'ttlMs'> = prepared
      const counter = request.explain ? createDropCounter(prepared.sources, rows.workbench) : undefined
      const wanted = { key, ttlMs, compute: (signal: AbortSignal) => compute(prepared, signal, counter) }
      const forcedBy = request.fresh ? `${ctx.app}:${ctx.principal.username}` : undefined
      const { body, etag, at, forms, state, timings } = await cache
        .through(wanted, ctx, forcedBy)
        .catch((error: unknown) => {
          if (ctx.signal.aborted && !isProblem(error))
            throw new Problem('cancelled', 'The client left before the answer was ready.')
          throw error
        })
      const { bytes } = request
      if (bytes !== undefined && !request.viewAs && !prepared.sources.isLive)
        known.set({ ctx, release: release.id, bytes, now }, prepared)
      const answer: Answer = {
        ...{ body, etag, forms },
        dataVersion: prepared.dataVersion,
        cache: state,
        ageMs: Math.max(0, clock.now() - at),
        timings: { plan: planned - started, ...timings, data: performance.now() - planned },
      }
      if (!counter) return answer
      const keptFor = settings.cache.enabled ? (ttlMs ?? settings.cache.ttlMs) : 0
      const explanation = explain(ctx, { prepared, answer, ttlMs: keptFor, dropped: counter.dropped })
      return { ...answer, explanation }
    },
    recall(ctx, release, bytes) {
      const now = clock.now()
      const found = known.get({ ctx, release, bytes, now })
      const served = found && cache.recall(found, now)
      if (!served) return undefined
      const { body, etag, forms, at, state, timings } = served
      const ageMs = Math.max(0, now - at)
      return { body, etag, forms, dataVersion: found.dataVersion, cache: state, ageMs, timings }
    },
    stats: cache.stats,
    close: cache.close,
  }
}

/** plan → fetch → body. `counter` looks at what is fetched. */
function createCompute({ rows, settings }: Pick<DataDeps, 'rows' | 'settings'>) {
  return async (prepared: Prepared, signal: AbortSignal, counter?: DropCounter) => {
    const { sources, guarded, slice, dataVersion } = prepared
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)])
    const { plan, natives } = planGuarded(guarded.query, sources.placeOf)
    const deps = {
      engine: (id: string) => sources.engine(id, natives),
      workbench: rows.workbench,
      versions: sources.versions,
      observe: counter?.observing(natives),
      ...settings.limits,
    }
    const result = await runPlan(plan, { deps, slice, signal: deadline })
    return { body: presentSlice(result, { dataVersion, restricted: guarded.restricted }), timings: { ...result.stats } }
  }
}

/** Bytes for the requests that are recalled, unless the answers themselves get little. */
const mostForRequests = 8 * 1024 * 1024
