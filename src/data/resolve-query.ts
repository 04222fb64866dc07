import { type AppCtx, privilegeOn } from '../access/index.ts'
import { type JsonObject, nearestNames, Problem } from '../base/index.ts'
import type { DerivedDomain, Domain, Release } from '../catalog/index.ts'
import {
  type DomainStep,
  mapDomainSteps,
  mapPipelines,
  nativeText,
  type ParseOptions,
  type Pipeline,
  parsePipeline,
  placeOf,
  type Query,
  renderPipeline,
} from '../pipeline/index.ts'
import type { QueryRequest } from './request.ts'

/** Who looks at what. */
export type Viewing = Pick<AppCtx, 'principal' | 'app'>

export interface Resolving {
  readonly ctx: Viewing
  readonly release: Release
  readonly now: Date
  readonly maxSteps: number
  /** Whether a domain is on a connection that takes native SQL. */
  takesSql(domain: string): boolean
}

/** The values that templates can use. `user` comes from the principal alone: a parameter of that name must not stand in for somebody else. */
export function variablesOf({ principal }: Viewing, parameters: JsonObject): JsonObject {
  const { username, roles, privileges, groups, attributes } = principal
  return { ...parameters, user: { username, roles, privileges, groups, attributes } } as JsonObject
}

/**
 * parse → references → variables → unset filters → derived domains: everything before the guard. Errors: `pipeline_invalid`.
 */
export function resolveQuery({ domain, pipeline, parameters }: QueryRequest, resolving: Resolving): Query {
  const { ctx, release, now, maxSteps } = resolving
  const variables = variablesOf(ctx, parameters)
  const read: Deriving['read'] = (raw, options) => {
    const parsed = parsePipeline(raw, { ...options, maxSteps, reference: referencesIn(release) })
    return withNative(renderPipeline(parsed, variables, now), resolving)
  }
  const mayBeNative = privilegeOn(ctx.principal, ctx.app) === 'contribute'
  return { pipeline: withDerived(read(pipeline, { domain, mayBeNative }), { release, read, within: [] }) }
}

function referencesIn({ queries = {} }: Release): (uid: string) => unknown {
  return (uid) => (Object.hasOwn(queries, uid) ? queries[uid]?.pipeline : undefined)
}

interface Deriving {
  readonly release: Release
  read(raw: unknown, options: Pick<ParseOptions, 'at' | 'domain' | 'mayBeNative'>): Pipeline
  readonly within: readonly string[]
}

/** Puts what a derived domain is made of into its step. Errors: `pipeline_invalid` for domains that are made of each other. */
function withDerived(pipeline: Pipeline, deriving: Deriving): Pipeline {
  return mapDomainSteps(pipeline, (step) => {
    const found = domainIn(deriving.release, step)
    return found.kind === 'derived' ? derive(step, found, deriving) : step
  })
}

function derive(step: DomainStep, { pipeline }: DerivedDomain, { release, read, within }: Deriving): DomainStep {
  const { domain } = step
  if (within.includes(domain)) {
    const circle = [...within.slice(within.indexOf(domain)), domain].join('" → "')
    throw pipelineProblem(step, `The domains "${circle}" are made of each other.`)
  }
  return {
    ...step,
    of: withDerived(read(pipeline, { at: placeOf(step), mayBeNative: true }), {
      release,
      read,
      within: [...within, domain],
    }),
  }
}

/** Errors: `pipeline_invalid` with the nearest names. */
export function domainIn(release: Release, step: DomainStep): Domain {
  const found = Object.hasOwn(release.domains, step.domain) ? release.domains[step.domain] : undefined
  if (found) return found
  const nearest = nearestNames(step.domain, Object.keys(release.domains))
  throw pipelineProblem(step, `There is no domain "${step.domain}" at this stage of the app.`, nearest)
}

/**
 * Native SQL that follows the domain of a connection and does not read the rows so far, as what that domain reads instead, wherever it
 * stands. Whatever it selects, the rules look at the columns that it gives: so the text is a builder's.
 */
function withNative(pipeline: Pipeline, { takesSql }: Resolving): Pipeline {
  return mapPipelines(pipeline, (inner) => {
    const [domain, first, ...rest] = inner
    const text = first && nativeText(first)
    if (!text || text.readsPrevious) return inner
    if (takesSql(domain.domain)) return [{ ...domain, native: text.sql }, ...rest]
    const message =
      'SQL reads the rows so far, as ##PREVIOUS_STEP##, or follows the domain of a connection that takes SQL.'
    throw pipelineProblem(first, message)
  })
}

function pipelineProblem(
  step: Parameters<typeof placeOf>[0],
  message: string,
  nearest: readonly string[] = [],
): Problem {
  const item = { path: placeOf(step), message, ...(nearest.length > 0 ? { nearest } : {}) }
  return new Problem('pipeline_invalid', message, { errors: [item] })
}
