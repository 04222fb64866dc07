import { Problem } from '../base/index.ts'
import { costs } from './fair-share.ts'
import type { QueuedJob, WorkOptions } from './port.ts'

/** What a queue keeps of dead jobs: the newest ones. */
export const deadKept = 1000

/** Errors: `internal` for a job that the queue cannot take. */
export function checkQueued({ id, priority, delayMs = 0 }: QueuedJob): void {
  if (id === '' || id.length > 200 || id.includes(':')) {
    throw new Problem('internal', `${JSON.stringify(id.slice(0, 220))} is not an id of a queued job.`)
  }
  if (!Object.hasOwn(costs, priority)) throw new Problem('internal', `${priority} is not a priority.`)
  if (!Number.isFinite(delayMs) || delayMs < 0) throw new Problem('internal', `${delayMs} is not a delay.`)
}

/** Errors: `internal`. */
export function checkWork({ concurrency, leaseMs }: WorkOptions): void {
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new Problem('internal', `${concurrency} is not a number of jobs at a time.`)
  }
  if (!Number.isFinite(leaseMs) || leaseMs <= 0) throw new Problem('internal', `${leaseMs} is not a lease.`)
}

/** Errors: `internal`. */
export function checkQueueName(name: string): void {
  if (!/^[a-z][a-z-]{0,60}$/.test(name)) throw new Problem('internal', `${JSON.stringify(name)} is not a queue's name.`)
}
