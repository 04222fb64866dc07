import { Problem } from '../../base/index.ts'
import { outcomeOf } from '../outcome.ts'
import type { JobOutcome, WorkOptions } from '../port.ts'
import type { Held } from './job-moves.ts'
import { fromBull } from './queue-place.ts'

export interface RunningJobs {
  readonly size: number
  has(jobId: string): boolean
  all(): readonly Held[]
  /** Runs the handler. Null when the job was let go before it ended: then it is somebody else's. */
  run(held: Held): Promise<JobOutcome | null>
  /** The leases were extended just now. */
  renewed(jobIds: readonly string[]): void
  /** The leases are lost: aborts the handlers and lets go of the jobs. */
  lost(jobIds: readonly string[]): void
  /** The process ends. */
  abortAll(): void
  letGo(jobId: string): void
  allEnded(): Promise<unknown>
  close(): void
}

interface Kept extends Held {
  readonly abort: AbortController
  readonly letGo: () => void
  readonly end: Promise<unknown>
  /** When the lease was last known to be ours, by this process's own watch. */
  heldAt: number
}

/**
 * The jobs that run in this process, each with a watch over its lease: when the server says that it is lost, and also when nothing
 * was heard for the length of a lease, because the server was away or this process was held up.
 */
export function createRunningJobs({ leaseMs, handle }: WorkOptions): RunningJobs {
  const jobs = new Map<string, Kept>()

  const watch = setInterval(() => {
    const longAgo = performance.now() - leaseMs
    lost([...jobs].filter(([, kept]) => kept.heldAt < longAgo).map(([id]) => id))
  }, leaseMs / 4).unref()

  async function run({ job, token }: Held): Promise<JobOutcome | null> {
    const id = job.id ?? ''
    const abort = new AbortController()
    let letGo = () => {}
    const gone = new Promise<null>((resolve) => {
      letGo = () => resolve(null)
    })
    const taken = { id: fromBull(id), payload: job.data as unknown, lost: job.stalledCounter }
    const end = outcomeOf(() => handle(taken, abort.signal))
    const kept: Kept = { job, token, abort, end, letGo, heldAt: performance.now() }
    jobs.set(id, kept)
    const outcome = await Promise.race([end, gone])
    if (jobs.get(id) === kept) jobs.delete(id)
    return outcome
  }

  function letGo(jobId: string): void {
    jobs.get(jobId)?.letGo()
    jobs.delete(jobId)
  }

  function lost(jobIds: readonly string[]): void {
    for (const id of jobIds) {
      jobs.get(id)?.abort.abort(new Problem('cancelled', 'The lease of the job was lost: somebody else has it now.'))
      letGo(id)
    }
  }

  return {
    get size() {
      return jobs.size
    },
    has: (jobId) => jobs.has(jobId),
    all: () => [...jobs.values()],
    run,
    renewed(jobIds) {
      const now = performance.now()
      for (const id of jobIds) {
        const kept = jobs.get(id)
        if (kept) kept.heldAt = now
      }
    },
    lost,
    abortAll() {
      for (const { abort } of jobs.values()) abort.abort(new Problem('cancelled', 'The process ends.'))
    },
    letGo,
    allEnded: () => Promise.all([...jobs.values()].map(({ end }) => end)),
    close: () => clearInterval(watch),
  }
}
