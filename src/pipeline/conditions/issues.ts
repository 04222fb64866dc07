import { nearestNames, type ProblemItem } from '../../base/index.ts'

/** `filter`: with `from` and `until`. `permission`: without them, and texts in values may be templates, which stay texts. */
export type Grammar = 'filter' | 'permission'

/** A mistake in a condition; `path` leads there from the condition itself. */
export interface ConditionIssue extends Omit<ProblemItem, 'path' | 'step'> {
  readonly path: readonly (string | number)[]
}

/** Where the reader is, and where it puts what it finds wrong. */
export interface Place {
  readonly grammar: Grammar
  readonly path: readonly (string | number)[]
  readonly issues: ConditionIssue[]
}

/** Names that come close to a wrong one, ready to be spread into an issue. */
export function suggestions(wanted: string, names: readonly string[]): { nearest?: readonly string[] } {
  const nearest = nearestNames(wanted, names)
  return nearest.length > 0 ? { nearest } : {}
}
