import { checkDuration } from '../check-duration.ts'
import type { Lease } from '../port.ts'
import { wholeMs } from './cache.ts'
import type { Client } from './connections.ts'
import type { Ask } from './failures.ts'
import { incrementScript, lockScript, releaseScript, renewScript } from './scripts.ts'

/** The last token of a lock is known for so long, should the server's clock be put back. */
const tokenKeptMs = 3_600_000

interface Deps {
  readonly client: Client
  readonly ask: Ask
  readonly isClosed: () => boolean
  readonly keyOf: (key: string) => string
}

/** Locks by the server's time. */
export function createLocks({
  client,
  ask,
  isClosed,
  keyOf,
}: Deps): (key: string, leaseMs: number) => Promise<Lease | null> {
  return (key, leaseMs) =>
    ask(async () => {
      checkDuration(leaseMs)
      const lease = wholeMs(leaseMs)
      const token = await client.eval(lockScript, 1, keyOf(key), lease, tokenKeptMs)
      if (typeof token !== 'string') return null
      const run = (script: string) => ask(() => client.eval(script, 1, keyOf(key), lease, tokenKeptMs, token))
      return {
        key,
        token: Number(token),
        renew: async () => !isClosed() && (await run(renewScript)) === 1,
        release: async () => {
          // Given back or not, it ends with its lease.
          if (!isClosed()) await run(releaseScript)
        },
      }
    })
}

/** Counters whose window is that of its first call. */
export function createIncrement({ client, ask, keyOf }: Deps): (key: string, windowMs: number) => Promise<number> {
  return (key, windowMs) =>
    ask(async () => {
      checkDuration(windowMs)
      return Number(await client.eval(incrementScript, 1, keyOf(key), wholeMs(windowMs)))
    })
}
