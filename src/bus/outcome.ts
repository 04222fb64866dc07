import type { JobOutcome } from './port.ts'

/** After an abort at the end of a worker's time, handlers have so long to say what became of their jobs. */
export const closeGraceMs = 200

/** What a handler answers; what it throws means that the job is dead. */
export async function outcomeOf(handle: () => Promise<JobOutcome>): Promise<JobOutcome> {
  try {
    return await handle()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'dead', reason: `The handler failed: ${reason}` }
  }
}

/** A delay that a handler gave: what is no length of time means at once. */
export function delayOf(delayMs: number): number {
  return Number.isFinite(delayMs) && delayMs > 0 ? delayMs : 0
}
