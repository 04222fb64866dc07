import type { Lease } from '../bus/index.ts'
import type { Stored } from '../store/index.ts'
import type { Core } from './core.ts'
import type { OperationRecord } from './operation-record.ts'
import { begin, giveBack } from './transitions.ts'

/**
 * Makes a queued operation a running one; null while another one runs under its lock. What holds the lock is the record of the one
 * that runs, so it lasts as long as that one's lease and does without the bus. The lock of the bus only keeps two workers from
 * looking at the records and beginning at the same time. Errors: `precondition_failed` when somebody else wrote the record.
 */
export async function beginOperation(
  core: Core,
  stored: Stored<OperationRecord>,
): Promise<Stored<OperationRecord> | null> {
  const { lock } = stored.doc
  if (lock === undefined) return write(core, stored)
  const lease = await core.bus.lock(`job:${lock}`, core.settings.lease)
  if (!lease) return null
  try {
    if (await core.operations.runningUnder(lock)) return null
    return await stillLocked(core, await write(core, stored), lease)
  } finally {
    // What cannot be released ends with its lease.
    await lease.release().catch(() => {})
  }
}

function write({ operations, owner, clock, settings }: Core, { doc, version }: Stored<OperationRecord>) {
  return operations.replace(begin(doc, { owner, now: clock.now(), leaseMs: settings.lease }), version)
}

/** A worker that was held up for longer than the lease may have begun beside another one. */
async function stillLocked(core: Core, begun: Stored<OperationRecord>, lease: Lease) {
  if (await lease.renew().catch(() => false)) return begun
  await core.operations.replace(giveBack(begun.doc, core.clock.now()), begun.version)
  return null
}
