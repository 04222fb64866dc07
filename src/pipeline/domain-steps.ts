import { canonicalJson, isObject } from '../base/index.ts'
import type { Pipeline, Query } from './query.ts'
import { at, type DomainStep, isDomainStep } from './step.ts'

/**
 * The pipeline with every domain step changed: its own and those of nested pipelines, wherever in a step they are. The walk knows
 * nothing about steps, so that a new step with a pipeline inside cannot be forgotten. Symbols, such as places, are kept.
 */
export function mapDomainSteps(pipeline: Pipeline, change: (step: DomainStep) => DomainStep): Pipeline {
  return walk(pipeline, change) as Pipeline
}

/** A domain that a pipeline reads, and the place in the request where it is first named. */
export interface DomainUse {
  readonly domain: string
  readonly path: string
}

/** All domains that a pipeline reads, each once, in the order of their first use. */
export function domainsOf(pipeline: Pipeline): DomainUse[] {
  const uses = new Map<string, DomainUse>()
  mapDomainSteps(pipeline, (step) => {
    if (!uses.has(step.domain)) uses.set(step.domain, { domain: step.domain, path: step[at] ?? '' })
    return step
  })
  return [...uses.values()]
}

/** One text for queries that mean the same: for cache keys. Places in the request are not part of it. */
export function canonicalQuery(query: Query): string {
  return canonicalJson(query)
}

function walk(value: unknown, change: (step: DomainStep) => DomainStep): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, change))
  if (!isObject(value)) return value
  if (isDomainStep(value)) return change(value)
  const members = Object.entries(value).map(([key, member]) => [key, walk(member, change)])
  return { ...value, ...Object.fromEntries(members) }
}
