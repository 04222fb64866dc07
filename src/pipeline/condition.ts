import type { Value } from './values.ts'

export type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'

/** A point in time counted from `date` (now when absent): `quantity` is absolute, the direction comes from the operator. */
export interface RelativeDate {
  readonly operator: 'from' | 'until' | 'before' | 'after'
  readonly quantity: number
  readonly duration: 'year' | 'quarter' | 'month' | 'week' | 'day'
  readonly date?: Date | undefined
}

export type ConditionLeaf =
  | { readonly column: string; readonly operator: Comparison; readonly value: Value }
  | { readonly column: string; readonly operator: 'in' | 'nin'; readonly value: readonly Value[] }
  | { readonly column: string; readonly operator: 'matches' | 'notmatches'; readonly value: string }
  | { readonly column: string; readonly operator: 'isnull' | 'notnull' }
  | { readonly column: string; readonly operator: 'from' | 'until'; readonly value: Date | RelativeDate }

/**
 * A filter of rows: two-valued, null equals null, types never cross (`pipeline.md` and `permissions.md` say it exactly).
 * `always` is only ever made by the guard (a record that sees all or nothing, a leaf that denies); no request can write it.
 */
export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly always: boolean }
  | ConditionLeaf
