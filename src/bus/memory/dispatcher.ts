import type { JobOutcome, WorkOptions } from '../port.ts'
import type { Backlog, Kept } from './backlog.ts'
import { createMemoryWorker, type MemoryWorker } from './queue-worker.ts'

export interface Dispatcher {
  /** Looks for somebody who takes what waits: later in this turn, so that what is added together is served in the fair order. */
  serveSoon(): void
  work(options: WorkOptions): MemoryWorker
  /** Aborts what runs. */
  close(): Promise<void>
}

/** How soon it is noticed that a clock was put forward past the end of a delay. */
const lookMs = 100

/** Gives the jobs of a backlog to workers. `settle` is told what became of each. */
export function createDispatcher(backlog: Backlog, settle: (kept: Kept, outcome: JobOutcome) => void): Dispatcher {
  const workers = new Set<MemoryWorker>()
  let next: NodeJS.Immediate | undefined
  let look: NodeJS.Timeout | undefined

  function serve(): void {
    next = undefined
    for (let worker = freest(workers); worker; worker = freest(workers)) {
      const kept = backlog.take()
      if (!kept) break
      worker.begin(kept)
    }
    lookLater()
  }

  function lookLater(): void {
    const nextDueIn = backlog.nextDueIn()
    if (look !== undefined || nextDueIn === undefined || workers.size === 0) return
    const wait = Math.min(lookMs, Math.max(1, nextDueIn))
    look = setTimeout(() => {
      look = undefined
      serve()
    }, wait).unref()
  }

  function serveSoon(): void {
    next ??= setImmediate(serve)
  }

  function work(options: WorkOptions): MemoryWorker {
    const worker = createMemoryWorker(options, {
      settle: (kept, outcome) => {
        settle(kept, outcome)
        serveSoon()
      },
      giveBack: (kept) => {
        backlog.giveBack(kept)
        serveSoon()
      },
      leave: () => workers.delete(worker),
    })
    workers.add(worker)
    serveSoon()
    return worker
  }

  return {
    serveSoon,
    work,
    close: async () => {
      await Promise.all([...workers].map((worker) => worker.close(0)))
      clearTimeout(look)
      clearImmediate(next)
    },
  }
}

/** The one that takes most; undefined when nobody takes any. */
function freest(workers: ReadonlySet<MemoryWorker>): MemoryWorker | undefined {
  let best: MemoryWorker | undefined
  for (const worker of workers) {
    if (worker.free > (best?.free ?? 0)) best = worker
  }
  return best
}
