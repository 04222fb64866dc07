import { Problem } from '../base/index.ts'
import type { App, Fence } from './release.ts'

/** Which attempt of which operation makes a change. `attempt` grows with each time that the operation is begun. */
export interface OperationAttempt {
  readonly id: string
  readonly attempt: number
}

/** So many operations that had their effect are remembered in any case, and more while they are young: one that is begun anew finds its own. */
const alwaysKept = 20
const youngMs = 3_600_000
/** One that had none yet may still run, for as long as a refresh of many sources takes; or it failed, and nobody said so. */
const runningMs = 2 * 86_400_000
/** Fences of both kinds. */
const mostKept = 200

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

/** Those that had their effect make room first: without its fence a running operation has worked for nothing. */
function keep(fences: readonly Fence[], now: number): readonly Fence[] {
  const running = fences
    .filter(({ release, at }) => release === null && now - at < runningMs)
    .slice(alwaysKept - mostKept)
  const done = fences
    .filter(({ release }) => release !== null)
    .filter(({ at }, index, all) => index >= all.length - alwaysKept || now - at < youngMs)
    .slice(running.length - mostKept)
  return [...done, ...running]
}

function overtaken({ id }: App): Problem {
  return new Problem('precondition_failed', `Another attempt of this operation on "${id}" has begun meanwhile.`)
}
