import { DelayedError, type Job, WaitingError } from 'bullmq'
import { delayOf } from '../outcome.ts'
import type { JobOutcome } from '../port.ts'
import type { Client } from './connections.ts'
import { bury } from './dead-jobs.ts'
import { fromBull, type QueuePlace, runner } from './queue-place.ts'
import { expressTag, writeOwnScript } from './scripts.ts'

/** A job that this process has the lease of. `token`: what BullMQ knows the holder by. */
export interface Held {
  readonly job: Job
  readonly token: string
}

export interface JobMoves {
  /** What a handler said is done with the job. Throws what BullMQ wants to be thrown when it is not over. */
  settle(held: Held, outcome: JobOutcome | null, found: string | undefined): Promise<void>
  /** Puts it before all others. `lost`: how many times it counts as lost by that. */
  giveBack(held: Held, lost: 0 | 1): Promise<void>
}

export function createJobMoves(client: Client, place: QueuePlace): JobMoves {
  const run = runner(client)

  /** False when somebody else has the job by now. */
  async function write({ job, token }: Held, fields: readonly (string | number)[]): Promise<boolean> {
    const key = place.job(job.id ?? '')
    return (await run(writeOwnScript, [key, `${key}:lock`], [token, ...fields])) === 1
  }

  return {
    async settle(held, outcome, found) {
      const { job, token } = held
      if (outcome === null) throw new WaitingError()
      if (outcome.kind === 'done') return
      if (outcome.kind === 'dead') {
        const text = found ?? JSON.stringify(job.data)
        await bury(client, place.dead, { id: fromBull(job.id ?? ''), text, reason: outcome.reason, at: Date.now() })
        return
      }
      // It gets in line anew when it is due.
      await write(held, ['priority', expressTag])
      await job.moveToDelayed(Date.now() + delayOf(outcome.delayMs), token)
      throw new DelayedError()
    },
    async giveBack(held, lost) {
      if (await write(held, ['priority', expressTag + 1, 'stc', lost])) await held.job.moveToWait(held.token)
    },
  }
}
