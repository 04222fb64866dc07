import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for the work, but not longer than that. Its errors are not heard of. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController()
  const patience = sleep(ms, undefined, { signal: timer.signal })
  await Promise.race([work, patience]).catch(() => {})
  timer.abort()
  await patience.catch(() => {})
}
