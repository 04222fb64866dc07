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

/** What processes share without keeping: cached bytes, counters, locks, messages. Two implementations: `memory/` and, later, `redis/`. */
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
  close(): Promise<void>
}
