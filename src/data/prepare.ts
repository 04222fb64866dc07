import { type AppCtx, domainRule, type GuardContext, type GuardResult, guard } from '../access/index.ts'
import { sha256 } from '../base/index.ts'
import type { Release } from '../catalog/index.ts'
import { connectors } from '../connectors/index.ts'
import { canonicalQuery, type Pipeline, pushMatch, type Query, type SliceRequest } from '../pipeline/index.ts'
import type { Rows } from '../rows/index.ts'
import type { DataSettings, QueryRequest } from './request.ts'
import { domainIn, resolveQuery, variablesOf } from './resolve-query.ts'
import { findSources, type Sources, type SourcesDeps } from './sources.ts'

/** Everything about an answer that is known before rows are read. */
export interface Prepared {
  readonly guarded: GuardResult<Query>
  /** What the rules were made from. */
  readonly context: GuardContext
  readonly sources: Sources
  readonly dataVersion: string
  readonly slice: SliceRequest
  readonly key: string
  /** How long the answer may be served, when its sources say so. */
  readonly ttlMs: number | undefined
}

export interface PrepareDeps extends SourcesDeps {
  readonly settings: DataSettings
}

/** resolve → guard → key. Errors: `pipeline_invalid`, and those of opening the connections that the query reads. */
export async function prepare(
  ctx: AppCtx,
  { release, request, now }: { release: Release; request: QueryRequest; now: Date },
  deps: PrepareDeps,
): Promise<Prepared> {
  const { settings } = deps
  const takesSql = (name: string): boolean => {
    const domain = Object.hasOwn(release.domains, name) ? release.domains[name] : undefined
    return domain?.kind === 'live' && connectors.get(domain.connector)?.native === 'sql'
  }
  const viewing = { app: ctx.app, principal: request.viewAs ?? ctx.principal }
  const resolved = resolveQuery(request, { ctx: viewing, release, now, maxSteps: settings.maxSteps, takesSql })
  const context: GuardContext = {
    principal: ctx.principal,
    viewAs: request.viewAs,
    app: release.app,
    stage: ctx.stage,
    whenUnset: settings.whenUnset,
    records: (domain: string) =>
      Object.hasOwn(release.permissions, domain) ? (release.permissions[domain] ?? []) : [],
  }
  const query = { pipeline: await withPushedMatch(resolved.pipeline, { release, context, rows: deps.rows }) }
  const variables = variablesOf(viewing, request.parameters)
  const sources = await findSources(query, { ctx, release, variables }, deps)
  const guarded = guard(query, context)
  const slice = { offset: request.offset, limit: request.limit, maxRows: settings.maxRows }
  // The guarded query holds the rules as they were rendered for this principal: equal rights share an entry, unequal ones cannot.
  const identity = [release.app, sources.identity, canonicalQuery(guarded.query), guarded.fingerprint, slice]
  const key = `data:${release.app}:${sha256(JSON.stringify(identity))}`
  return { guarded, context, sources, dataVersion: sources.dataVersion, slice, key, ttlMs: sources.ttlMs }
}

interface Matching {
  readonly release: Release
  readonly context: GuardContext
  readonly rows: Rows
}

/** Native queries of stored domains read only the rows that they begin to match. Columns that are hidden are as if they were not there. */
async function withPushedMatch(pipeline: Pipeline, { release, context, rows }: Matching): Promise<Pipeline> {
  const [step, first] = pipeline
  const domain = first?.name === 'custom' ? domainIn(release, step) : undefined
  const version = domain?.kind === 'stored' ? domain.version : null
  const info = version === null ? null : await rows.describe(version)
  if (!info) return pipeline
  const { kept } = domainRule(context.records(step.domain), context)
  return pushMatch(
    pipeline,
    info.columns.filter(({ name }) => !kept?.hide.includes(name)),
  )
}
