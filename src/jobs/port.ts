import type { z } from 'zod'
import type { Stage } from '../access/index.ts'
import type { Json, JsonObject, Log, ProblemItem } from '../base/index.ts'

/** queued → running → done | failed | cancelled; back to queued when it is tried again. */
export type OperationState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

export interface Progress {
  /** What is being done, in words: "reading orders". */
  readonly stage: string
  /** 0 to 100; null where nobody can tell. */
  readonly percent: number | null
  /** How much longer it should take, in milliseconds; null where nobody can tell. */
  readonly remainingMs: number | null
}

/**
 * The record of one submitted job: written before the queue is asked, so that what is lost in a queue is found again. Times are
 * milliseconds since 1970. Every write of who runs it is fenced: it names the attempt that it was given, and a later one refuses it.
 */
export interface Operation {
  readonly id: string
  readonly job: string
  /** Of the arguments' form: a program that does not know it leaves the job to one that does. */
  readonly version: number
  readonly queue: 'heavy' | 'fast'
  readonly priority: 1 | 2 | 3
  /** Null: of the instance. */
  readonly app: string | null
  readonly stage: Stage | null
  /** Without secrets. */
  readonly args: Json
  /** Username; null: the program itself. */
  readonly by: string | null
  readonly requestId: string | null
  readonly state: OperationState
  /** How often it was begun. The fencing token of whoever runs it: only the latest attempt may write. */
  readonly attempt: number
  /** Attempts that failed by an error; those that were lost or given back do not count. */
  readonly failures: number
  readonly lease: { readonly owner: string; readonly until: number } | null
  readonly cancelRequested: boolean
  readonly progress: Progress | null
  /** The last lines of what it said. */
  readonly lines: readonly string[]
  readonly result: Json
  readonly error: OperationError | null
  /** The same key gives the same operation. */
  readonly key?: string
  /** Begins only once that operation is done; is cancelled when that one failed or was cancelled. */
  readonly after: string | null
  /** What it belongs to, such as `{ schedule: "…", fire: "…" }`. */
  readonly labels: { readonly [name: string]: string }
  /** Not before. */
  readonly notBefore: number
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  /** Of the last write. */
  readonly changedAt: number
  /** When the record goes, once it has ended. */
  readonly expiresAt?: number
}

/** As in the answer of a route that failed. */
export interface OperationError {
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors: readonly ProblemItem[]
}

/** What a running job is given. */
export interface JobCtx {
  readonly operation: string
  readonly attempt: number
  readonly app: string | null
  readonly stage: Stage | null
  readonly by: string | null
  readonly requestId: string | null
  readonly log: Log
  /** Aborts when somebody cancelled, the lease was lost, or the process must end. */
  readonly signal: AbortSignal
  progress(at: { readonly stage: string; readonly percent?: number }): void
  /** Keeps a line for people to read: no secrets, no rows. */
  say(line: string): void
}

/** A kind of work in the background. It may be run twice: what it does must then be done once. */
export interface JobDefinition<A = unknown> {
  readonly name: string
  readonly version: number
  readonly queue: 'heavy' | 'fast'
  readonly args: z.ZodType<A>
  /** Of two with the same lock one runs at a time. Default: none. */
  readonly lock?: (args: A) => string
  /** Default `wait`. `refuse`: submitting it answers `in_progress` while another one holds the lock or waits for it. */
  readonly whenLocked?: 'wait' | 'refuse'
  /** How often it is tried again after an error that may go away by itself. */
  readonly retries: number
  /** Its answer is kept as the operation's result. */
  readonly run: (ctx: JobCtx, args: A) => Promise<Json>
}

export interface Submission {
  readonly job: string
  readonly args: Json
  readonly app: string | null
  readonly stage: Stage | null
  readonly by: string | null
  readonly requestId: string | null
  /** Submitting again with the same key answers the operation of the first time. */
  readonly key?: string
  /** Default 2. */
  readonly priority?: 1 | 2 | 3
  readonly labels?: { readonly [name: string]: string }
}

export interface ListRequest {
  /** Undefined: of all apps; null: of the instance. */
  readonly app?: string | null
  readonly stage?: Stage
  readonly states?: readonly OperationState[]
  /** The name of a job. */
  readonly job?: string
  readonly label?: { readonly name: string; readonly value: string }
  /** Changed at or after, in milliseconds since 1970. */
  readonly changedSince?: number
  readonly limit: number
  /** The id of the last one of the page before. */
  readonly after?: string
}

export interface WorkerSettings {
  readonly heavy: number
  readonly fast: number
}

export interface JobWorkers {
  /** Takes nothing more and waits for what runs; what has not ended after the deadline is aborted and given back. */
  drain(deadlineMs: number): Promise<void>
}

/** Submits jobs, and follows and runs them. Every process has one; only those that call `work` run any. */
export interface Jobs {
  /** Errors: `invalid_request` for arguments, `in_progress` (see `whenLocked`), `not_found` for an unknown job. */
  submit(submission: Submission): Promise<Operation>
  /** Each begins when the one before is done. All are there at once, or none. */
  submitChain(submissions: readonly Submission[]): Promise<readonly Operation[]>
  get(id: string): Promise<Operation | null>
  /** The newest first. */
  list(request: ListRequest): Promise<readonly Operation[]>
  /** At once when it waits; one that runs is told, and ends by itself. Errors: `not_found`, `conflict` when it has ended. */
  cancel(id: string): Promise<Operation>
  /** Begins a failed or cancelled one anew. Errors: `not_found`, `conflict`. */
  retry(id: string): Promise<Operation>
  /** The operation as soon as it has ended, or as it is after `patienceMs`. Errors: `not_found`, `cancelled` by the signal. */
  ended(id: string, patienceMs: number, signal: AbortSignal): Promise<Operation>
  /** Runs jobs in this process, and looks after those whose worker died. */
  work(settings: WorkerSettings): Promise<JobWorkers>
  /** How many wait, run and have died, by queue: for metrics. */
  counts(): Promise<{
    readonly [queue: string]: { readonly waiting: number; readonly running: number; readonly dead: number }
  }>
}

/** What happens, for people who watch. `id` grows with time, and is what a client resumes from. */
export type LiveEvent = { readonly id: string; readonly at: string } & (
  | {
      readonly type: `operation.${'queued' | 'started' | 'progress' | 'done' | 'failed' | 'cancelled'}`
      readonly app: string | null
      readonly stage: Stage | null
      readonly operation: OperationView
    }
  | { readonly type: 'release.published'; readonly app: string; readonly stage: Stage; readonly release: string }
  | {
      readonly type: 'data.refreshed'
      readonly app: string
      readonly stage: Stage
      readonly release: string
      readonly domains: readonly string[]
    }
  | { readonly type: 'session.revoked'; readonly username: string }
)

/** An operation as the API shows it: snake_case, times in ISO 8601, without arguments and lease. */
export type OperationView = JsonObject & { readonly id: string; readonly state: OperationState }

/** Work that may run in a process of its own, so that it can neither stop this one nor take its memory. Two implementations: inline and in a child. */
export interface HeavyWork {
  /** Errors: what the work throws (problems keep their code); `out_of_memory`; `cancelled` by the signal; `internal` when the child died. */
  run(name: string, payload: Json, about: WorkCtx & { readonly isolate: boolean }): Promise<Json>
  close(): Promise<void>
}

export interface WorkCtx {
  readonly signal: AbortSignal
  progress(at: { readonly stage: string; readonly percent?: number }): void
}

/** What heavy work there is, by name. It gets JSON and gives JSON: it may run in another process, and validates what it gets. */
export type Works = { readonly [name: string]: (payload: unknown, ctx: WorkCtx) => Promise<Json> }
