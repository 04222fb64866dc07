import type { QueuedJob } from './port.ts'

export type Priority = QueuedJob['priority']

/** What a job adds to the tag of the one before it in its line: a third of the service for each step of priority. */
export const costs = { 1: 1, 2: 3, 3: 9 } as const satisfies Record<Priority, number>

export interface FairShare {
  /** The place of a new job: the smallest tag is served first, and of equal ones the one that came first. */
  tag(group: string, priority: Priority): number
  /** To be told of every job that is taken, with its tag, and whether others wait. */
  taken(tag: number, othersWait: boolean): void
}

/**
 * Start-time fair queueing. Each group has a line for each priority, and a tag says how much service its line will have had by
 * then. A line that was idle begins where the service is now, so that nobody saves up for later and nobody waits for what another
 * line has put in. `redis/scripts.ts` keeps the same account on the server.
 */
export function createFairShare(): FairShare {
  const lines = new Map<string, number>()
  let served = 0
  let highest = 0
  return {
    tag(group, priority) {
      const line = `${priority} ${group}`
      const tag = Math.max(served, lines.get(line) ?? 0) + costs[priority]
      lines.set(line, tag)
      highest = Math.max(highest, tag)
      return tag
    },
    taken(tag, othersWait) {
      served = Math.max(served, tag)
      if (othersWait || served < highest) return
      // Whatever was served until now no longer matters.
      lines.clear()
      served = 0
      highest = 0
    },
  }
}
