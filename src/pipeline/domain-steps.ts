import { canonicalJson, isObject } from '../base/index.ts'
import type { Pipeline, Query } from './query.ts'
import { at, type DomainStep, isDomainStep, isPipeline, type NestedPipeline } from './step.ts'

/**
 * The pipeline with every domain step changed: its own, those of nested pipelines, wherever in a step they are, and those of derived
 * domains (the innermost first). The walk knows nothing about steps, so that a new step with a pipeline inside cannot be forgotten.
 * Symbols, such as places, are kept.
 */
export function mapDomainSteps(pipeline: Pipeline, change: (step: DomainStep) => DomainStep): Pipeline {
  return walk(pipeline, change) as Pipeline
}

/** The pipeline with itself and every pipeline inside of it changed, the innermost first. */
export function mapPipelines(pipeline: Pipeline, change: (pipeline: NestedPipeline) => NestedPipeline): Pipeline {
  const each = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const items = value.map(each)
      return isPipeline(items) ? change(items) : items
    }
    if (!isObject(value)) return value
    return { ...value, ...Object.fromEntries(Object.entries(value).map(([key, member]) => [key, each(member)])) }
  }
  return each(pipeline) as Pipeline
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

/** The domains whose rows an engine has to have: all but the derived ones, which are made of others. */
export function sourcesOf(pipeline: Pipeline): string[] {
  const sources = new Set<string>()
  mapDomainSteps(pipeline, (step) => {
    if (!step.of) sources.add(step.domain)
    return step
  })
  return [...sources]
}

/** One text for queries that mean the same: for cache keys. Places in the request are not part of it. */
export function canonicalQuery(query: Query): string {
  return canonicalJson(query)
}

function walk(value: unknown, change: (step: DomainStep) => DomainStep): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, change))
  if (!isObject(value)) return value
  if (isDomainStep(value))
    return change(value.of ? { ...value, of: walk(value.of, change) as DomainStep['of'] } : value)
  const members = Object.entries(value).map(([key, member]) => [key, walk(member, change)])
  return { ...value, ...Object.fromEntries(members) }
}
