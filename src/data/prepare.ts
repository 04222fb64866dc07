import { type AppCtx, type GuardResult, guard } from '../access/index.ts'
import { type JsonObject, nearestNames, Problem, sha256 } from '../base/index.ts'
import type { Release } from '../catalog/index.ts'
import {
  canonicalQuery,
  domainsOf,
  parsePipeline,
  type Query,
  renderPipeline,
  type SliceRequest,
} from '../pipeline/index.ts'
import type { DataSettings, QueryRequest } from './request.ts'

/** Everything about an answer that is known before rows are read. */
export interface Prepared {
  readonly guarded: GuardResult<Query>
  readonly versions: ReadonlyMap<string, string>
  readonly dataVersion: string
  readonly slice: SliceRequest
  readonly key: string
}

export function prepare(
  ctx: AppCtx,
  release: Release,
  { request, settings, now }: { request: QueryRequest; settings: DataSettings; now: Date },
): Prepared {
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
