import { DelayedError, WaitingError } from 'bullmq'
import type { Log } from '../../base/index.ts'
import { isJsonText } from '../json-text.ts'
import { closeGraceMs } from '../outcome.ts'
import type { JobOutcome, QueueWorker, WorkOptions } from '../port.ts'
import { within } from '../within.ts'
import type { Client } from './connections.ts'
import { watchDelays } from './delays.ts'
import { reasonOf } from './failures.ts'
import { createJobMoves, type Held, type JobMoves } from './job-moves.ts'
import { createAccount } from './queue-account.ts'
import { fromBull, type QueuePlace, runner } from './queue-place.ts'
import { createRunningJobs, type RunningJobs } from './running-jobs.ts'
import { expressTag } from './scripts.ts'
import { TolerantWorker } from './tolerant-worker.ts'

interface Deps {
  readonly client: Client
  readonly place: QueuePlace
  readonly log: Log
  readonly patienceMs: number
}

/** Takes jobs and does with them what their handler says. What goes wrong on the way leaves a job to its lease: it is given again. */
export function createRedisWorker(options: WorkOptions, deps: Deps): QueueWorker {
  const { client, place, log } = deps
  const running = createRunningJobs(options)
  const moves = createJobMoves(client, place)
  const account = createAccount(runner(client), place)
  const endWatch = watchDelays(runner(client), place, log)
  let closing: Promise<void> | undefined

  const worker = new TolerantWorker(place.name, (job, token = '') => work({ job, token }), bullOptions(options, deps))
  worker.on('locksRenewed', ({ jobIds }) => running.renewed(jobIds))
  worker.on('lockRenewalFailed', running.lost)
  worker.on('stalled', (jobId) => void mend(jobId, deps))
  worker.on('error', (error) => log.debug({ queue: place.name, reason: reasonOf(error) }, 'A worker of Redis failed.'))

  async function work(held: Held): Promise<void> {
    try {
      await moves.settle(held, await outcome(held), worker.unreadable.get(held.job))
    } catch (error) {
      if (error instanceof DelayedError || error instanceof WaitingError) throw error
      log.warn({ queue: place.name, job: held.job.id, reason: reasonOf(error) }, 'A job is left to its lease.')
      throw new WaitingError()
    }
  }

  /** Null: it is no longer, or not yet, ours to work on. */
  async function outcome({ job, token }: Held): Promise<JobOutcome | null> {
    const { id = '' } = job
    if (worker.unreadable.has(job)) return { kind: 'dead', reason: 'Its payload is not JSON.' }
    if (closing) {
      await moves.giveBack({ job, token }, 0)
      return null
    }
    // Taken again while it still runs here: the lease was lost, and nobody noticed yet.
    if (running.has(id)) {
      running.lost([id])
      return null
    }
    if (job.priority === expressTag && job.stalledCounter === 0) {
      if (!(await account.mayGoOn(id, job.name))) {
        await job.moveToWait(token)
        return null
      }
    } else account.taken(job.priority)
    return running.run({ job, token })
  }

  return {
    close: (deadlineMs) => {
      endWatch()
      closing ??= close({ worker, running, moves, patienceMs: deps.patienceMs }, deadlineMs).finally(account.close)
      return closing
    },
  }
}

interface Parts {
  readonly worker: TolerantWorker
  readonly running: RunningJobs
  readonly moves: JobMoves
  readonly patienceMs: number
}

async function close({ worker, running, moves, patienceMs }: Parts, deadlineMs: number): Promise<void> {
  await worker.pause(true)
  await within(deadlineMs, running.allEnded())
  if (running.size > 0) {
    running.abortAll()
    await within(closeGraceMs, running.allEnded())
    const left = running.all()
    await within(patienceMs, Promise.all(left.map((held) => moves.giveBack(held, 1))))
    for (const { job } of left) running.letGo(job.id ?? '')
  }
  running.close()
  await within(patienceMs, worker.close())
  worker.abandon()
}

/** A job whose options are not JSON cannot even be taken by BullMQ, and stalls. Without options it can. */
async function mend(jobId: string, { client, place, log }: Deps): Promise<void> {
  log.info({ queue: place.name, job: fromBull(jobId) }, 'The worker of a job was not heard of: the job is given again.')
  try {
    const options = await client.hget(place.job(jobId), 'opts')
    if (options !== null && !isJsonText(options)) await client.hset(place.job(jobId), 'opts', '{}')
  } catch {
    // It stalls again, and is looked at again.
  }
}

function bullOptions({ concurrency, leaseMs }: WorkOptions, { client, place }: Deps) {
  return {
    connection: client,
    prefix: place.prefix,
    concurrency,
    lockDuration: Math.ceil(leaseMs),
    stalledInterval: Math.max(20, Math.floor(leaseMs / 2)),
    // How often a job may be lost is not ours to say: whoever handles it is told.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    runRetryDelay: 1000,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  }
}
