import { Problem } from '../base/index.ts'
import type { Core } from './core.ts'
import type { OperationRecord } from './operation-record.ts'
import { release } from './predecessor.ts'
import { cancel } from './transitions.ts'
import type { Waiting } from './waiting.ts'

/** Tells that an operation has ended, and sees to the one that begins after it. */
export type Settle = (record: OperationRecord) => Promise<void>

export function createSettle(core: Core, waiting: Waiting): Settle {
  async function settle(record: OperationRecord): Promise<void> {
    const { state } = record
    if (state === 'queued' || state === 'running') return
    core.tell(state, record)
    waiting.ended(record.id)
    if (record.next === undefined) return
    if (state === 'done') return begin(record.next)
    const fallen = await core.operations.change(record.next, (next) => fallWith(core, next, record))
    if (fallen) await settle(fallen)
  }

  async function begin(id: string): Promise<void> {
    const next = await release(core, id)
    if (next) await core.enqueue(next)
  }

  return settle
}

/** What becomes of an operation when the one before it did not succeed; null when it waits no longer. */
export function fallWith(core: Core, record: OperationRecord, before: OperationRecord): OperationRecord | null {
  if (record.state !== 'queued') return null
  const how = before.state === 'failed' ? 'failed' : 'was cancelled'
  const problem = new Problem('operation_cancelled', `The operation before it, ${before.id} (${before.job}), ${how}.`)
  return { ...cancel(record, problem, core.ending()), fellWith: before.id }
}
