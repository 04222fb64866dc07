import { Queue as BullQueue } from 'bullmq'
import type { Json, Log } from '../../base/index.ts'
import { checkQueued, checkWork } from '../check-queued.ts'
import { jsonText } from '../json-text.ts'
import type { Queue, QueueCounts, QueuedJob, QueueWorker, WorkOptions } from '../port.ts'
import { createAddBatch } from './add-batch.ts'
import type { Client } from './connections.ts'
import { deadJobs } from './dead-jobs.ts'
import type { Ask } from './failures.ts'
import { inBull, lineOf, placeOf, runner } from './queue-place.ts'
import { createRedisWorker } from './queue-worker.ts'
import { expressTag, tagsScript } from './scripts.ts'

export interface QueueDeps {
  readonly commands: Client
  /** Opened for the first worker. */
  readonly workers: () => Client
  readonly ask: Ask
  readonly log: Log
  readonly prefix: string
  /** How long closing waits for an answer. Milliseconds. */
  readonly patienceMs: number
}

export interface RedisQueue extends Queue {
  /** Aborts what runs in this process and gives it back. */
  end(): Promise<void>
}

/** A queue of BullMQ. Its numeric priority is our tag: how much service a job's line will have had (see `fair-share.ts`). */
export function createRedisQueue(name: string, deps: QueueDeps): RedisQueue {
  const { commands, ask } = deps
  const place = placeOf(deps.prefix, name)
  const run = runner(commands)
  const workers = new Set<QueueWorker>()
  const bull = new BullQueue(place.name, {
    connection: commands,
    prefix: place.prefix,
    skipVersionCheck: true,
    defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    // Nobody reads them, and they cannot be turned off.
    streams: { events: { maxLen: 100 } },
  })
  // What fails is told by the call that failed.
  bull.on('error', () => {})

  const addInBatch = createAddBatch((jobs) =>
    send(jobs, { bull, tagsOf: (lines) => run(tagsScript, [place.account], lines) }),
  )

  const exists = async (id: string) => (await commands.exists(place.job(inBull(id)))) === 1

  async function addMany(jobs: readonly QueuedJob[]): Promise<void> {
    const own = jobs.map((job) => {
      checkQueued(job)
      // By the time of sending the caller may have changed it.
      return { ...job, payload: JSON.parse(jsonText(job.payload)) as Json }
    })
    if (own.length > 0) await addInBatch(own)
  }

  async function work(options: WorkOptions): Promise<QueueWorker> {
    checkWork(options)
    const worker = await createRedisWorker(options, { ...deps, client: deps.workers(), place })
    const close = (deadlineMs: number) => worker.close(deadlineMs).finally(() => workers.delete(kept))
    const kept: QueueWorker = { close }
    workers.add(kept)
    return kept
  }

  return {
    name,
    add: (job) => ask(() => addMany([job])),
    addMany: (jobs) => ask(() => addMany(jobs)),
    has: (id) => ask(() => exists(id)),
    // BullMQ also answers 1 for a job that it does not know.
    remove: (id) => ask(async () => (await exists(id)) && (await bull.remove(inBull(id))) === 1),
    work: (options) => ask(() => work(options)),
    counts: () =>
      ask(async () => {
        const [counts, dead] = await Promise.all([countsOf(bull), commands.llen(place.dead)])
        return { ...counts, dead }
      }),
    dead: (limit) => ask(() => deadJobs(commands, place.dead, limit)),
    end: async () => {
      await Promise.all([...workers].map((worker) => worker.close(0)))
      await bull.close().catch(() => {})
    },
  }
}

async function countsOf(bull: BullQueue): Promise<Omit<QueueCounts, 'dead'>> {
  const {
    wait = 0,
    prioritized = 0,
    delayed = 0,
    active = 0,
  } = await bull.getJobCounts('wait', 'prioritized', 'delayed', 'active')
  return { waiting: wait + prioritized, delayed, running: active }
}

interface Sending {
  readonly bull: BullQueue
  readonly tagsOf: (lines: readonly string[]) => Promise<unknown>
}

async function send(jobs: readonly QueuedJob[], { bull, tagsOf }: Sending): Promise<void> {
  const atOnce = jobs.filter((job) => !isDelayed(job))
  const tags = atOnce.length === 0 ? [] : await tagsOf(atOnce.map(lineOf))
  const tagOf = new Map(atOnce.map((job, index) => [job, Array.isArray(tags) ? Number(tags[index]) : expressTag]))
  await bull.addBulk(
    jobs.map((job) => ({
      name: lineOf(job),
      data: job.payload,
      opts: {
        jobId: inBull(job.id),
        // A delayed job is put in line when it is due: until then it has no part in the service.
        priority: tagOf.get(job) ?? expressTag,
        ...(isDelayed(job) ? { delay: Math.round(job.delayMs ?? 0) } : {}),
      },
    })),
  )
}

function isDelayed({ delayMs = 0 }: QueuedJob): boolean {
  return Math.round(delayMs) > 0
}
