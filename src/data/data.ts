import { type AppCtx, type GuardResult, guard } from '../access/index.ts'
import { type Clock, isProblem, type JsonObject, nearestNames, Problem, sha256 } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Release } from '../catalog/index.ts'
import {
  canonicalQuery,
  domainsOf,
  parsePipeline,
  type Query,
  renderPipeline,
  type SliceRequest,
} from '../pipeline/index.ts'
import type { Rows } from '../rows/index.ts'
import { type Answer, type CacheState, presentSlice, type Timings } from './answer.ts'
import { createAnswerCache, type Entry } from './cache.ts'
import { createSingleFlight } from './single-flight.ts'

/** What a client asks for, before it is understood. `fresh` leaves the cache aside and replaces what it holds. */
export interface QueryRequest {
  readonly domain?: string | undefined
  readonly pipeline: unknown
  readonly parameters: JsonObject
  readonly offset: number
  readonly limit: number | null
  readonly fresh: boolean
}

/** The door: the only way from a request to rows. */
export interface Data {
  /**
   * resolve → guard → cache → plan → fetch. Errors: `pipeline_invalid` (step, column, nearest names, positions), `data_refused`
   * (a rule that cannot be applied), `query_failed`, `query_timeout`, `cancelled`.
   */
  run(ctx: AppCtx, release: Release, request: QueryRequest): Promise<Answer>
}

export interface DataSettings {
  readonly whenUnset: 'allow' | 'deny'
  readonly timeoutMs: number
  readonly maxRows: number
  readonly maxSteps: number
  readonly cache: { readonly enabled: boolean; readonly ttlMs: number; readonly maxEntryBytes: number }
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

  async function compute(plan: Plan, signal: AbortSignal): Promise<Entry & { timings: Timings }> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)])
    const slice = await rows.engine(plan.versions).fetch(plan.guarded.query, plan.slice, deadline)
    const body = presentSlice(slice, { dataVersion: plan.dataVersion, restricted: plan.guarded.restricted })
    return { ...(await cache.keep(plan.key, body, clock.now())), timings: { ...slice.stats } }
  }

  async function answer(
    plan: Plan,
    ctx: AppCtx,
    fresh: boolean,
  ): Promise<Entry & { state: CacheState; timings: Timings }> {
    const cached = fresh ? null : await cache.get(plan.key)
    if (cached) return { ...cached, state: 'hit', timings: {} }
    const computed = await flights.run(fresh ? `${plan.key} fresh` : plan.key, ctx.signal, (signal) =>
      compute(plan, signal),
    )
    return { ...computed, state: fresh || !settings.cache.enabled ? 'bypass' : 'miss' }
  }

  return {
    async run(ctx, release, request) {
      const started = performance.now()
      const plan = makePlan(ctx, release, { request, settings, now: new Date(clock.now()) })
      const planned = performance.now()
      const { body, etag, at, state, timings } = await answer(plan, ctx, request.fresh).catch((error: unknown) => {
        if (ctx.signal.aborted && !isProblem(error))
          throw new Problem('cancelled', 'The client left before the answer was ready.')
        throw error
      })
      return {
        body,
        etag,
        dataVersion: plan.dataVersion,
        cache: state,
        ageMs: Math.max(0, clock.now() - at),
        timings: { plan: planned - started, ...timings, data: performance.now() - planned },
      }
    },
  }
}

/** Everything about an answer that is known before rows are read. */
interface Plan {
  readonly guarded: GuardResult<Query>
  readonly versions: ReadonlyMap<string, string>
  readonly dataVersion: string
  readonly slice: SliceRequest
  readonly key: string
}

function makePlan(
  ctx: AppCtx,
  release: Release,
  { request, settings, now }: { request: QueryRequest; settings: DataSettings; now: Date },
): Plan {
  const query = resolve(ctx, request, { now, maxSteps: settings.maxSteps })
  const versions = versionsOf(release, query)
  const guarded = guard(query, {
    principal: ctx.principal,
    app: release.app,
    stage: ctx.stage,
    whenUnset: settings.whenUnset,
    records: (domain) => (Object.hasOwn(release.permissions, domain) ? (release.permissions[domain] ?? []) : []),
  })
  const slice = { offset: request.offset, limit: request.limit, maxRows: settings.maxRows }
  const versionList = [...versions].sort(([a], [b]) => (a < b ? -1 : 1))
  const dataVersion = sha256(JSON.stringify(versionList)).slice(0, 16)
  // The guarded query holds the rules as they were rendered for this principal: equal rights share an entry, unequal ones cannot.
  const key = sha256(
    JSON.stringify([release.app, versionList, canonicalQuery(guarded.query), guarded.fingerprint, slice]),
  )
  return { guarded, versions, dataVersion, slice, key: `data:${release.app}:${key}` }
}

function resolve(
  ctx: AppCtx,
  { domain, pipeline, parameters }: QueryRequest,
  { now, maxSteps }: { now: Date; maxSteps: number },
): Query {
  const { username, roles, privileges, groups, attributes } = ctx.principal
  const parsed = parsePipeline(pipeline, { domain, maxSteps })
  // `user` comes from the principal alone: a parameter of that name must not stand in for somebody else.
  const variables = { ...parameters, user: { username, roles, privileges, groups, attributes } } as JsonObject
  return { pipeline: renderPipeline(parsed, variables, now) }
}

function versionsOf(release: Release, query: Query): ReadonlyMap<string, string> {
  const versions = new Map<string, string>()
  for (const { domain, path } of domainsOf(query.pipeline)) {
    const entry = Object.hasOwn(release.domains, domain) ? release.domains[domain] : undefined
    if (!entry) throw noSuchDomain(domain, path, Object.keys(release.domains))
    versions.set(domain, entry.version)
  }
  return versions
}

function noSuchDomain(domain: string, path: string, names: readonly string[]): Problem {
  const message = `There is no domain "${domain}" at this stage of the app.`
  return new Problem('pipeline_invalid', message, { errors: [{ path, message, nearest: nearestNames(domain, names) }] })
}
