import type { Log } from '../../base/index.ts'
import type { QueuePlace, Run } from './queue-place.ts'
import { takeBackDelaysScript } from './scripts.ts'

/**
 * BullMQ keeps until when a job is delayed, by the clock of the worker that put it off. Where that clock is put back, or is wrong, the
 * job would wait until then: it is given its delay anew, as all who work on the queue find. Answers how to stop looking.
 */
export function watchDelays(run: Run, place: QueuePlace, log: Log): () => void {
  const look = async () => {
    const found = await run(takeBackDelaysScript, [place.delayed, place.marker, place.job('')], [Date.now()])
    if (Number(found) > 0) log.warn({ queue: place.name, jobs: found }, 'the clock was put back: delays begin anew')
  }
  // A server that does not answer is told of elsewhere.
  const looking = setInterval(() => void look().catch(() => {}), lookEveryMs).unref()
  return () => clearInterval(looking)
}

const lookEveryMs = 1000
