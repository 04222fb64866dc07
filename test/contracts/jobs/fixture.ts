import { expect } from 'vitest'
import { z } from 'zod'
import { type Clock, type Json, type Log, newId, silentLog, systemClock } from '../../../src/base/index.ts'
import type { Bus } from '../../../src/bus/index.ts'
import {
  createJobs,
  defineJob,
  type JobCtx,
  type JobDefinition,
  type Jobs,
  type JobsSettings,
  type JobWorkers,
  type Operation,
  type OperationState,
  type Submission,
} from '../../../src/jobs/index.ts'
import type { Store } from '../../../src/store/index.ts'

/** An empty store and bus. */
export interface JobsPlace {
  readonly store: Store
  readonly bus: Bus
  /** Closes both and removes what they kept. */
  dispose(): Promise<void>
}

export interface ProcessOptions {
  readonly settings?: Partial<JobsSettings>
  readonly clock?: Clock
  readonly log?: Log
}

/** What a test needs of a place: any number of processes on it, which end with the test. */
export interface Jobsite {
  readonly store: Store
  readonly bus: Bus
  /** As another process would have it. */
  process(definitions: readonly JobDefinition[], options?: ProcessOptions): Jobs
  /** Lets it run jobs. */
  work(jobs: Jobs, settings?: { heavy?: number; fast?: number }): Promise<JobWorkers>
  end(): Promise<void>
}

/** The shortest that the settings allow, so that tests need not wait for long. */
export const leaseMs = 1000

const defaults: JobsSettings = { lease: leaseMs, keep: 3_600_000, idempotency: 3_600_000 }

export function createJobsite(place: JobsPlace): Jobsite {
  const working: JobWorkers[] = []
  return {
    store: place.store,
    bus: place.bus,
    process: (definitions, { settings, clock = systemClock, log = silentLog } = {}) =>
      createJobs({
        store: place.store,
        bus: place.bus,
        clock,
        log,
        definitions,
        settings: { ...defaults, ...settings },
        owner: newId(Date.now()),
      }),
    async work(jobs, { heavy = 2, fast = 4 } = {}) {
      const workers = await jobs.work({ heavy, fast })
      working.push(workers)
      return workers
    },
    async end() {
      await Promise.all(working.map((workers) => workers.drain(0)))
      await place.dispose()
    },
  }
}

export function submission(job: string, args: Json = {}, more: Partial<Submission> = {}): Submission {
  return { job, args, app: 'shop', stage: 'staging', by: 'ada', requestId: 'r1', ...more }
}

type Changes = Partial<Pick<JobDefinition, 'version' | 'queue' | 'retries' | 'whenLocked'>>

const anything = z.looseObject({ lock: z.string().optional() })

/** A job of this name that runs this. Its lock is the argument `lock`. */
export function aJob(
  name: string,
  run: (ctx: JobCtx, args: { readonly [name: string]: unknown }) => Promise<Json>,
  changes: Changes & { locks?: boolean } = {},
): JobDefinition {
  const { locks, ...rest } = changes
  return defineJob({
    name,
    version: 1,
    queue: 'fast',
    args: anything,
    retries: 0,
    run,
    ...rest,
    ...(locks && { lock: (args: { lock?: string | undefined }) => args.lock ?? name }),
  })
}

/** Runs until its signal aborts, which it throws on. */
export function untilAborted({ signal }: JobCtx): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
  })
}

const patienceMs = 15_000

/** The operation once it has ended. */
export async function endOf(jobs: Jobs, { id }: { readonly id: string }): Promise<Operation> {
  const operation = await jobs.ended(id, patienceMs, new AbortController().signal)
  expect(['done', 'failed', 'cancelled'], `${operation.job} is still ${operation.state}`).toContain(operation.state)
  return operation
}

export async function inState(jobs: Jobs, { id }: { readonly id: string }, state: OperationState): Promise<Operation> {
  await expect.poll(async () => (await jobs.get(id))?.state, { timeout: patienceMs, interval: 20 }).toBe(state)
  return (await jobs.get(id)) as Operation
}

/** A thing that is waited for in one place and comes in another. */
export function aSignal<T = void>() {
  let come: (value: T) => void = () => {}
  const came = new Promise<T>((resolve) => {
    come = resolve
  })
  return { come, came }
}
