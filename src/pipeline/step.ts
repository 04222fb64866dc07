import type { Condition } from './condition.ts'

/**
 * The place of a step in what the client sent: a JSON Pointer such as `/pipeline/2` or `/pipeline/2/right_pipeline/1`.
 * A symbol, so that it survives `{...step}` but never reaches a cache key, JSON or a comparison.
 */
export const at: unique symbol = Symbol('at')

/**
 * Where rows come from: always the first step of a pipeline and of every nested pipeline, and nowhere else. `rule` is the
 * permission that the guard put there; it is applied to the rows of the domain before anything else sees them.
 * The parser never makes a `rule`.
 */
export interface DomainStep {
  readonly name: 'domain'
  readonly domain: string
  readonly rule?: Condition | undefined
  readonly [at]?: string
}

/** What all steps have. The steps with their fields are `Step` in `steps/index.ts`; this is below them, so that they can nest. */
export interface AnyStep {
  readonly name: string
  readonly [at]?: string
}

/** A pipeline inside a step. It has the shape of a `Pipeline`, which cannot be named here without a cycle between files. */
export type NestedPipeline = readonly [DomainStep, ...AnyStep[]]

export function isDomainStep(value: object): value is DomainStep {
  return 'name' in value && value.name === 'domain' && 'domain' in value && typeof value.domain === 'string'
}
