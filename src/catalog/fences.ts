import { Problem } from '../base/index.ts'
import type { App, Fence } from './release.ts'

/** Which attempt of which operation makes a change. `attempt` grows with each time that the operation is begun. */
export interface OperationAttempt {
  readonly id: string
  readonly attempt: number
}

/** So many operations are remembered in any case, and more of them while they are young: one that is begun anew finds its fence. */
const alwaysKept = 20
const mostKept = 200
const youngMs = 3_600_000

/** The fence of an operation, which says what it did so far. */
export function fenceOf({ fences = [] }: App, { id }: OperationAttempt): Fence | undefined {
  return fences.find(({ operation }) => operation === id)
}

/**
 * The fences once this attempt may change the app, and no earlier one of its operation may any more. Errors: `precondition_failed` when a
 * later one has begun.
 */
export function raiseFence(app: App, { id, attempt }: OperationAttempt, now: number): readonly Fence[] {
  const before = fenceOf(app, { id, attempt })
  if (before && before.attempt > attempt) throw overtaken(app)
  const fence = { operation: id, attempt, release: before?.release ?? null, at: now }
  return keep([...others(app, id), fence], now)
}

/**
 * The fences once this attempt has had its effect. Errors: `precondition_failed` when the fence of the app is another one: somebody else
 * runs the operation, or the app is a later one of the same name.
 */
export function markEffect(app: App, { id, attempt }: OperationAttempt, release: string): readonly Fence[] {
  const before = fenceOf(app, { id, attempt })
  if (before?.attempt !== attempt) throw overtaken(app)
  return [...others(app, id), { ...before, release }]
}

function others({ fences = [] }: App, id: string): readonly Fence[] {
  return fences.filter(({ operation }) => operation !== id)
}

function keep(fences: readonly Fence[], now: number): readonly Fence[] {
  return fences.slice(-mostKept).filter(({ at }, index, all) => index >= all.length - alwaysKept || now - at < youngMs)
}

function overtaken({ id }: App): Problem {
  return new Problem('precondition_failed', `Another attempt of this operation on "${id}" has begun meanwhile.`)
}
