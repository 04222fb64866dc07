import { isProblem, Problem } from '../base/index.ts'
import type { Settle } from './chain.ts'
import type { Core } from './core.ts'
import { readArgs } from './definitions.ts'
import { cancelledByRequest } from './failures.ts'
import { lockFields, type OperationRecord } from './operation-record.ts'
import { predecessorOf } from './predecessor.ts'
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
    const fallen = await fallenWith(core, stored.doc)
    // All or none: before any of them is written.
    for (const record of [stored.doc, ...fallen]) checkVersion(core, record)
    const record = await beginAnew(stored.doc)
    for (const next of fallen) await beginAnew(next)
    return record
  }

  async function beginAnew(before: OperationRecord): Promise<OperationRecord> {
    const record = await reviveWithLock(before.id, await mustWait(before))
    core.tell('queued', record)
    if (record.after === null || record.released) await core.enqueue(record)
    return record
  }

  /** Whether it still has to wait for another one. One that follows another one begins only once that one is done. */
  async function mustWait(record: OperationRecord): Promise<boolean> {
    const before = await predecessorOf(core, record)
    if (before === null) return false
    const isGone = before === 'missing'
    if (isGone && record.fellWith !== record.after) return false
    if (!isGone && !hasEnded(before.state)) return true
    const hint = isGone ? 'It is no longer kept: start both anew.' : 'Retry that one.'
    throw new Problem('conflict', `The operation ${record.id} follows ${record.after}, which did not succeed. ${hint}`)
  }

  async function reviveWithLock(id: string, waits: boolean): Promise<OperationRecord> {
    try {
      const record = await operations.change(id, (before) => {
        if (before.state !== 'failed' && before.state !== 'cancelled') {
          throw new Problem(
            'conflict',
            `The operation ${id} is ${before.state}: only what failed or was cancelled can begin anew.`,
          )
        }
        return { ...revive(before, clock.now()), ...lockAgain(before), released: !waits }
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

/** Those that fell with it, and wait for it again when it begins anew. */
async function fallenWith(core: Core, { id, next }: OperationRecord): Promise<OperationRecord[]> {
  const stored = next === undefined ? null : await core.operations.get(next)
  return stored?.doc.fellWith === id ? [stored.doc, ...(await fallenWith(core, stored.doc))] : []
}

/** What is kept of its arguments is for that version. */
function checkVersion({ definitions }: Core, { id, job, version }: OperationRecord): void {
  if (definitions.knows(job, version)) return
  const known = definitions.named(job).version
  throw new Problem(
    'conflict',
    `The operation ${id} is of version ${version} of the job "${job}", and this is version ${known}: start it anew.`,
  )
}
