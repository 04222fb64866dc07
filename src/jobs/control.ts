import { isProblem, Problem } from '../base/index.ts'
import type { Settle } from './chain.ts'
import type { Core } from './core.ts'
import { readArgs } from './definitions.ts'
import { cancelledByRequest } from './failures.ts'
import { lockFields, type OperationRecord } from './operation-record.ts'
import { inProgress, lockOf } from './submit.ts'
import { cancel, hasEnded, revive } from './transitions.ts'
import { noSuchOperation } from './waiting.ts'

/** What people may do to an operation. */
export interface Control {
  cancel(id: string): Promise<OperationRecord>
  retry(id: string): Promise<OperationRecord>
}

export const cancelChannel = 'jobs.cancel'

export function createControl(core: Core, settle: Settle): Control {
  const { operations, clock } = core

  async function cancelOperation(id: string): Promise<OperationRecord> {
    const record = await operations.change(id, (before) => {
      if (hasEnded(before.state)) throw new Problem('conflict', `The operation ${id} has ended: ${before.state}.`)
      if (before.state === 'queued') return cancel(before, cancelledByRequest(), core.ending())
      return { ...before, cancelRequested: true, changedAt: clock.now() }
    })
    if (!record) throw noSuchOperation(id)
    if (record.state === 'running') await tellWorker(id)
    else {
      await takeBack(record)
      await settle(record)
    }
    return record
  }

  /** Whoever runs it also finds the wish in the record, a little later. */
  async function tellWorker(id: string): Promise<void> {
    await core.bus.publish(cancelChannel, { id }).catch((error) => {
      core.log.warn({ err: error, operation: id }, 'The worker could not be told to cancel; it will see it.')
    })
  }

  /** What stays in the queue is dropped when its turn comes. */
  async function takeBack(record: OperationRecord): Promise<void> {
    await core
      .queueOf(record)
      .remove(record.id)
      .catch(() => false)
  }

  return { cancel: cancelOperation, retry: createRetry(core) }
}

function createRetry(core: Core): Control['retry'] {
  const { operations, clock } = core

  async function retry(id: string): Promise<OperationRecord> {
    const stored = await operations.get(id)
    if (!stored) throw noSuchOperation(id)
    await checkBefore(stored.doc)
    const record = await reviveWithLock(id)
    core.tell('queued', record)
    if (record.after === null || (await operations.get(record.after))?.doc.state === 'done') await core.enqueue(record)
    // Those that fell with it wait for it again.
    const next = record.next === undefined ? null : await operations.get(record.next)
    if (next?.doc.fellWith === id) await retry(next.doc.id)
    return record
  }

  /** An operation that follows another one begins only once that one is done. */
  async function checkBefore({ id, after }: OperationRecord): Promise<void> {
    const before = after === null ? null : await operations.get(after)
    if (before?.doc.state !== 'failed' && before?.doc.state !== 'cancelled') return
    throw new Problem(
      'conflict',
      `The operation ${id} follows ${before.doc.id}, which did not succeed: retry that one.`,
    )
  }

  async function reviveWithLock(id: string): Promise<OperationRecord> {
    try {
      const record = await operations.change(id, (before) => {
        if (before.state !== 'failed' && before.state !== 'cancelled') {
          throw new Problem(
            'conflict',
            `The operation ${id} is ${before.state}: only what failed or was cancelled can begin anew.`,
          )
        }
        return { ...revive(before, clock.now()), ...lockAgain(before) }
      })
      if (record) return record
    } catch (error) {
      const holder = isProblem(error, 'conflict') ? await holderBeside(id) : null
      throw holder ? inProgress(holder) : error
    }
    throw noSuchOperation(id)
  }

  function lockAgain({ job, args }: OperationRecord) {
    const definition = core.definitions.named(job)
    return lockFields(definition, lockOf(definition, readArgs(definition, args)))
  }

  /** Who holds what this operation refuses to wait for. */
  async function holderBeside(id: string): Promise<OperationRecord | null> {
    const stored = await operations.get(id)
    const lock = stored && lockAgain(stored.doc).exclusive
    return lock ? operations.withLock(lock) : null
  }

  return retry
}
