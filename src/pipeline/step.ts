import type { Condition } from './condition.ts'
import type { Sql } from './sql/fragment.ts'
import type { Value } from './values.ts'

/**
 * The place of a step in what the client sent: a JSON Pointer such as `/pipeline/2` or `/pipeline/2/right_pipeline/1`.
 * A symbol, so that it survives `{...step}` but never reaches a cache key, JSON or a comparison.
 */
export const at: unique symbol = Symbol('at')

/** Columns that a permission keeps from somebody: gone, or with one constant in place of every value. */
export interface ColumnRule {
  readonly hide: readonly string[]
  readonly mask: { readonly [column: string]: Value }
}

/**
 * Where rows come from: always the first step of a pipeline and of every nested pipeline, and nowhere else. `rule` and `kept` are the
 * permission that the guard put there: the rows that may be seen, decided with all columns, and then the columns. Both are applied
 * before anything else sees the rows, so that nothing can be worked out from what is not seen. The parser never makes them.
 */
export interface DomainStep {
  readonly name: 'domain'
  readonly domain: string
  readonly rule?: Condition | undefined
  readonly kept?: ColumnRule | undefined
  /** The pipeline that a derived domain is; resolving puts it there. */
  readonly of?: NestedPipeline | undefined
  /** A query in the language of the domain's connection, read in place of what the domain reads; resolving puts it there. */
  readonly native?: Sql | undefined
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

/** Whether a value is a list that begins with a domain step. */
export function isPipeline(value: unknown): value is NestedPipeline {
  return Array.isArray(value) && typeof value[0] === 'object' && value[0] !== null && isDomainStep(value[0])
}

/** JSON Pointer of a step in what the client sent, empty for one that nobody sent. */
export function placeOf(step: AnyStep): string {
  return step[at] ?? ''
}
