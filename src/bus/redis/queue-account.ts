import type { QueuePlace, Run } from './queue-place.ts'
import { lineUpScript, takenScript } from './scripts.ts'

export interface QueueAccount {
  /** A job of that tag was taken. Told to the server a moment later, together with others. */
  taken(tag: number): void
  /** Whether a job that is not in line yet may go on because nobody waits. Otherwise it has its tag now, and has to wait. */
  mayGoOn(jobId: string, line: string): Promise<boolean>
  close(): void
}

const momentMs = 5

/** A worker's side of the account that the scripts keep. */
export function createAccount(run: Run, place: QueuePlace): QueueAccount {
  let highest = 0
  let telling: NodeJS.Timeout | undefined

  function tell(): void {
    telling = undefined
    // An account that misses something is only a little less fair.
    run(takenScript, [place.account, place.waiting], [highest]).catch(() => {})
    highest = 0
  }

  return {
    taken(tag) {
      if (!(tag > highest)) return
      highest = tag
      telling ??= setTimeout(tell, momentMs)
    },
    mayGoOn: async (jobId, line) =>
      (await run(lineUpScript, [place.account, place.waiting, place.job(jobId)], [line])) === 1,
    close: () => clearTimeout(telling),
  }
}
