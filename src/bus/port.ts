import type { Json } from '../base/index.ts'

/** A lease on a name. `token` grows with every holder of that name: whoever writes under a lock passes it, older ones are refused. */
export interface Lease {
  readonly key: string
  readonly token: number
  /** Extends the lease by its length; false when it was lost. */
  renew(): Promise<boolean>
  release(): Promise<void>
}

export interface BusCache {
  get(key: string): Promise<Buffer | null>
  /** Kept for at most `ttlMs`; dropped earlier when the budget is full. */
  set(key: string, value: Buffer, ttlMs: number): Promise<void>
  /**
   * As `set`, unless what is there was set with a larger `order`: then it stays, and the answer is false. So nobody who was held up
   * can put something old over something newer. A value without an order is always replaced.
   */
  setInOrder(key: string, value: Buffer, about: { ttlMs: number; order: number }): Promise<boolean>
  remove(key: string): Promise<void>
}

/** A piece of work that waits. What has to survive is kept elsewhere (see `jobs/`): a queue may lose everything when its server does. */
export interface QueuedJob {
  /** While a job of this id waits or runs, another one with it is not taken. At most 200 characters, without `:`. */
  readonly id: string
  /** Small. It comes back as unknown: whoever takes it validates it. */
  readonly payload: Json
  /** Whose work it is (an app): groups share the queue fairly, however much one of them has put in. */
  readonly group: string
  /** 1 is served before 2, 2 before 3; but nobody starves: each weighs a third of the one before. */
  readonly priority: 1 | 2 | 3
  /** Not before so many milliseconds have passed. */
  readonly delayMs?: number
}

export interface TakenJob {
  readonly id: string
  readonly payload: unknown
  /** How often it was taken before without an outcome: more than 0 when the worker that had it died. */
  readonly lost: number
}

/** What became of a taken job. `dead` keeps it aside with the reason, for a person to look at. */
export type JobOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly reason: string }

export interface WorkOptions {
  readonly concurrency: number
  /** A worker that was not heard of for so long is taken for dead, and its jobs are given to others. Milliseconds. */
  readonly leaseMs: number
  /** Must not throw; what it throws all the same counts as `dead`. `signal` aborts when the lease was lost or `close` ran out of time. */
  readonly handle: (job: TakenJob, signal: AbortSignal) => Promise<JobOutcome>
}

export interface QueueWorker {
  /** Takes no more jobs, waits for those that run, and aborts and gives back what has not ended after `deadlineMs`. */
  close(deadlineMs: number): Promise<void>
}

export interface QueueCounts {
  readonly waiting: number
  readonly delayed: number
  readonly running: number
  readonly dead: number
}

export interface DeadJob {
  readonly id: string
  readonly payload: unknown
  readonly reason: string
  readonly at: number
}

/** Jobs are given at least once: a worker that is paused past its lease may still run one that somebody else was given. */
export interface Queue {
  readonly name: string
  add(job: QueuedJob): Promise<void>
  /** As `add` for each of them, in fewer turns. */
  addMany(jobs: readonly QueuedJob[]): Promise<void>
  /** Whether it waits, is delayed, or runs. */
  has(id: string): Promise<boolean>
  /** Takes one back that nobody has taken. False when there is none. */
  remove(id: string): Promise<boolean>
  work(options: WorkOptions): Promise<QueueWorker>
  counts(): Promise<QueueCounts>
  /** The newest first. */
  dead(limit: number): Promise<readonly DeadJob[]>
}

/** What processes share without keeping: cached bytes, counters, locks, messages, queues. Two implementations: `memory/` and `redis/`. */
export interface Bus {
  /** True when it lives in this process alone: nobody else can be met on it, and what it keeps lies in our own memory. */
  readonly local: boolean
  readonly cache: BusCache
  /** Adds one and answers the count since the window began; the first call of a window starts it. */
  increment(key: string, windowMs: number): Promise<number>
  /** Ends the window of a counter. */
  reset(key: string): Promise<void>
  /** Null when somebody else holds it. */
  lock(key: string, leaseMs: number): Promise<Lease | null>
  publish(channel: string, payload: Json): Promise<void>
  /** Payloads come from outside: the receiver validates them. Answers a function that ends the subscription. */
  subscribe(channel: string, receive: (payload: unknown) => void): Promise<() => Promise<void>>
  /**
   * Calls when messages may have been lost: a connection to the server came back. Subscriptions go on by themselves; whoever must
   * not miss anything looks where it is kept. Answers a function that ends it.
   */
  whenInterrupted(notice: () => void): () => void
  /** The queue of that name; the same one each time. Lower-case letters and dashes. */
  queue(name: string): Queue
  /** Fails when the server does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}
