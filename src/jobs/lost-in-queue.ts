import type { Stored } from '../store/index.ts'
import { fallWith } from './chain.ts'
import { type Core, queuedJob } from './core.ts'
import type { OperationRecord } from './operation-record.ts'
import { predecessorOf, release } from './predecessor.ts'
import type { Swap } from './swap.ts'
import { hasEnded } from './transitions.ts'

const pageSize = 200
/** Of those that wait, in one pass; the next pass goes on where this one stopped. */
const mostAtOnce = 2000
/** Whoever wrote a record just now is about to ask the queue. */
const freshMs = 1000
/** How long those that follow an operation may be there before it. */
const orphanMs = 60_000

/** Puts operations that wait, but stand in no queue, back there. What a queue has already it does not take again. */
export function createLostInQueue(core: Core, swap: Swap): () => Promise<void> {
  const { operations, clock, log } = core
  let place: string | undefined

  async function lookAtQueued(): Promise<void> {
    for (let seen = 0; seen < mostAtOnce; seen += pageSize) {
      const page = await operations.inState('queued', { limit: pageSize, ...(place !== undefined && { after: place }) })
      place = page.length < pageSize ? undefined : page.at(-1)?.doc.id
      const now = clock.now()
      const waiting = page.filter(({ doc }) => Math.abs(now - doc.changedAt) > freshMs)
      await queueAgain((await Promise.all(waiting.map(mayBegin))).filter((record) => record !== null))
      if (place === undefined) return
    }
  }

  /** The record, when nothing stands before it. */
  async function mayBegin(stored: Stored<OperationRecord>): Promise<OperationRecord | null> {
    const { doc } = stored
    const before = await predecessorOf(core, doc)
    if (before === null) return doc.after === null || doc.released ? doc : release(core, doc.id)
    if (before === 'missing') await removeOrphan(doc)
    else if (hasEnded(before.state)) await fall(stored, before)
    return null
  }

  async function fall(stored: Stored<OperationRecord>, before: OperationRecord): Promise<void> {
    const fallen = fallWith(core, stored.doc, before)
    if (fallen) await swap(stored, fallen)
  }

  /** A chain is written from its end: without its beginning it was never submitted. */
  async function removeOrphan({ id, createdAt }: OperationRecord): Promise<void> {
    if (clock.now() - createdAt > orphanMs) await operations.remove(id)
  }

  async function queueAgain(records: readonly OperationRecord[]): Promise<void> {
    const missing = await Promise.all(records.map(async (record) => !(await core.queueOf(record).has(record.id))))
    for (const queue of ['heavy', 'fast'] as const) {
      const lost = records.filter((record, index) => record.queue === queue && missing[index])
      if (lost.length === 0) continue
      log.info({ queue, operations: lost.length }, 'Operations that stood in no queue are put back.')
      await core.bus.queue(queue).addMany(lost.map((record) => queuedJob(record, clock.now())))
    }
  }

  return lookAtQueued
}
