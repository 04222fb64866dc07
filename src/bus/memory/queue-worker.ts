import { Problem } from '../../base/index.ts'
import { closeGraceMs, outcomeOf } from '../outcome.ts'
import type { JobOutcome, QueueWorker, WorkOptions } from '../port.ts'
import { within } from '../within.ts'
import type { Kept } from './backlog.ts'

export interface MemoryWorker extends QueueWorker {
  /** How many more jobs it takes at present. */
  readonly free: number
  /** Starts the handler; not more often than `free`. */
  begin(kept: Kept): void
}

interface Reports {
  settle(kept: Kept, outcome: JobOutcome): void
  giveBack(kept: Kept): void
  /** It takes no more jobs. */
  leave(): void
}

export function createMemoryWorker({ concurrency, handle }: WorkOptions, reports: Reports): MemoryWorker {
  const running = new Map<Kept, { readonly abort: AbortController; readonly end: Promise<void> }>()
  let closing: Promise<void> | undefined

  function begin(kept: Kept): void {
    const abort = new AbortController()
    const taken = { id: kept.job.id, payload: JSON.parse(kept.text) as unknown, lost: kept.lost }
    const end = outcomeOf(() => handle(taken, abort.signal)).then((outcome) => {
      // One that was given back is somebody else's by now.
      if (running.delete(kept)) reports.settle(kept, outcome)
    })
    running.set(kept, { abort, end })
  }

  const allEnded = () => Promise.all([...running.values()].map(({ end }) => end))

  async function close(deadlineMs: number): Promise<void> {
    reports.leave()
    await within(deadlineMs, allEnded())
    if (running.size === 0) return
    for (const { abort } of running.values()) abort.abort(new Problem('cancelled', 'The process ends.'))
    await within(closeGraceMs, allEnded())
    for (const kept of [...running.keys()]) {
      running.delete(kept)
      reports.giveBack(kept)
    }
  }

  return {
    get free() {
      return concurrency - running.size
    },
    begin,
    close: (deadlineMs) => {
      closing ??= close(deadlineMs)
      return closing
    },
  }
}
