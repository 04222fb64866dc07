import { type ErrorCode, isProblem, Problem } from '../base/index.ts'

/** Of the errors that are the caller's, these go away by themselves. */
const passing: ReadonlySet<ErrorCode> = new Set(['release_raced'])

const firstDelayMs = 1000
export const longestDelayMs = 60_000

/** What a job threw, as a problem. What nobody expected is told to the log only: its text may hold anything. */
export function problemOf(error: unknown): Problem {
  if (isProblem(error)) return error
  return new Problem('internal', 'Something went wrong here; the log has the cause under the id of the operation.', {
    cause: error,
  })
}

/** Whether trying again may help: what the request is to blame for stays as it is. */
export function mayPass(problem: Problem): boolean {
  return problem.status >= 500 || passing.has(problem.code)
}

/**
 * How long to wait after so many failures: anything up to a bound that doubles each time (full jitter), so that what failed together
 * is not tried again together. `random` gives 0 to 1.
 */
export function backOff(failures: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(longestDelayMs, firstDelayMs * 2 ** (failures - 1)))
}

/** A time between the two, so that several who wait do not all come at once. */
export function between(leastMs: number, mostMs: number): number {
  return leastMs + Math.random() * (mostMs - leastMs)
}

export const cancelledByRequest = () => new Problem('operation_cancelled', 'Somebody cancelled the operation.')
