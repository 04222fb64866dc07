import { type Clock, Problem } from '../../base/index.ts'
import { checkQueued, checkWork, deadKept } from '../check-queued.ts'
import { jsonText } from '../json-text.ts'
import { delayOf } from '../outcome.ts'
import type { DeadJob, JobOutcome, Queue, QueuedJob } from '../port.ts'
import { createBacklog, type Kept } from './backlog.ts'
import { createDispatcher } from './dispatcher.ts'

export interface MemoryQueue extends Queue {
  /** Aborts what runs and forgets everything. Afterwards nothing works. */
  end(): Promise<void>
}

interface Buried extends Omit<DeadJob, 'payload'> {
  readonly text: string
}

/** A queue within this process. Delays go by the given clock; one that is put forward is noticed within a tenth of a second. */
export function createMemoryQueue(name: string, clock: Clock): MemoryQueue {
  const backlog = createBacklog(clock)
  const dispatcher = createDispatcher(backlog, settle)
  const buried: Buried[] = []
  let ended = false

  function settle(kept: Kept, outcome: JobOutcome): void {
    if (outcome.kind === 'again') {
      backlog.again(kept, delayOf(outcome.delayMs))
      return
    }
    backlog.end(kept)
    if (outcome.kind === 'done') return
    buried.push({ id: kept.job.id, text: kept.text, reason: outcome.reason, at: clock.now() })
    if (buried.length > deadKept) buried.shift()
  }

  function addMany(jobs: readonly QueuedJob[]): void {
    // All are looked at before any is taken: a wrong one must not leave half of them behind.
    const texts = jobs.map((job) => {
      checkQueued(job)
      return jsonText(job.payload)
    })
    for (const [index, job] of jobs.entries()) backlog.add(job, texts[index] ?? 'null')
    dispatcher.serveSoon()
  }

  const whileOpen =
    <A extends readonly unknown[], R>(work: (...args: A) => R) =>
    async (...args: A): Promise<R> => {
      if (ended) throw new Problem('internal', 'The bus is closed.')
      return work(...args)
    }

  return {
    name,
    add: whileOpen((job) => addMany([job])),
    addMany: whileOpen(addMany),
    has: whileOpen(backlog.has),
    remove: whileOpen(backlog.remove),
    work: whileOpen((options) => {
      checkWork(options)
      return dispatcher.work(options)
    }),
    counts: whileOpen(() => ({ ...backlog.counts(), dead: buried.length })),
    dead: whileOpen((limit) => {
      const newest = buried.toReversed().slice(0, limit)
      return newest.map(({ text, ...job }) => ({ ...job, payload: JSON.parse(text) as unknown }))
    }),
    end: async () => {
      ended = true
      await dispatcher.close()
      backlog.clear()
    },
  }
}
