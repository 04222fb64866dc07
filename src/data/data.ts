import type { AppCtx } from '../access/index.ts'
import { type Clock, isProblem, Problem } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Release } from '../catalog/index.ts'
import type { Rows } from '../rows/index.ts'
import { type Answer, type CacheState, presentSlice, type Timings } from './answer.ts'
import { createAnswerCache, type Entry } from './cache.ts'
import { type Prepared, prepare } from './prepare.ts'
import type { DataSettings, QueryRequest } from './request.ts'
import { createSingleFlight } from './single-flight.ts'

/** The door: the only way from a request to rows. */
export interface Data {
  /**
   * resolve → guard → cache → plan → fetch. Errors: `pipeline_invalid` (step, column, nearest names, positions), `data_refused`
   * (a rule that cannot be applied), `query_failed`, `query_timeout`, `cancelled`.
   */
  run(ctx: AppCtx, release: Release, request: QueryRequest): Promise<Answer>
}

export interface DataDeps {
  readonly rows: Rows
  readonly bus: Bus
  readonly clock: Clock
  readonly settings: DataSettings
}

export function createData({ rows, bus, clock, settings }: DataDeps): Data {
  const cache = createAnswerCache(bus.cache, settings.cache)
  const flights = createSingleFlight<Entry & { timings: Timings }>()

  async function compute(prepared: Prepared, signal: AbortSignal): Promise<Entry & { timings: Timings }> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)])
    const slice = await rows.engine(prepared.versions).fetch(prepared.guarded.query, prepared.slice, deadline)
    const body = presentSlice(slice, { dataVersion: prepared.dataVersion, restricted: prepared.guarded.restricted })
    return { ...(await cache.keep(prepared.key, body, clock.now())), timings: { ...slice.stats } }
  }

  async function answer(
    prepared: Prepared,
    ctx: AppCtx,
    fresh: boolean,
  ): Promise<Entry & { state: CacheState; timings: Timings }> {
    const cached = fresh ? null : await cache.get(prepared.key)
    if (cached) return { ...cached, state: 'hit', timings: {} }
    const computed = await flights.run(fresh ? `${prepared.key} fresh` : prepared.key, ctx.signal, (signal) =>
      compute(prepared, signal),
    )
    return { ...computed, state: fresh || !settings.cache.enabled ? 'bypass' : 'miss' }
  }

  return {
    async run(ctx, release, request) {
      const started = performance.now()
      const prepared = prepare(ctx, release, { request, settings, now: new Date(clock.now()) })
      const planned = performance.now()
      const { body, etag, at, state, timings } = await answer(prepared, ctx, request.fresh).catch((error: unknown) => {
        if (ctx.signal.aborted && !isProblem(error))
          throw new Problem('cancelled', 'The client left before the answer was ready.')
        throw error
      })
      return {
        body,
        etag,
        dataVersion: prepared.dataVersion,
        cache: state,
        ageMs: Math.max(0, clock.now() - at),
        timings: { plan: planned - started, ...timings, data: performance.now() - planned },
      }
    },
  }
}
