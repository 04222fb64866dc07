import type { DomainStep } from './step.ts'
import type { Step } from './steps/index.ts'

export type Pipeline = readonly [DomainStep, ...Step[]]

/** What a client asks for after parsing, resolving and rendering: typed, without templates. */
export interface Query {
  readonly pipeline: Pipeline
}

declare const guarded: unique symbol

/** The hash of the rules that were applied, in canonical form: equal rights give equal fingerprints, unequal rights never do. */
export type Fingerprint = string

/** Never made: private, so that a changed copy (`{ ...query, pipeline }`) loses the brand. */
declare class Brand {
  private readonly [guarded]: Fingerprint
}

/**
 * A query that has passed the guard. Engines accept nothing else. The brand exists only in the type, and only `access/guard.ts`
 * may assert it (`scripts/check-rooms.ts` proves that).
 */
export type Guarded<Q> = Q & Brand
