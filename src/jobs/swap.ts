import { isProblem } from '../base/index.ts'
import type { Stored } from '../store/index.ts'
import type { Settle } from './chain.ts'
import type { Core } from './core.ts'
import type { OperationRecord } from './operation-record.ts'
import { hasEnded } from './transitions.ts'

/** Writes a record that nobody here runs, unless somebody was faster, such as the worker that was taken for dead. */
export type Swap = (stored: Stored<OperationRecord>, next: OperationRecord) => Promise<void>

export function createSwap(core: Core, settle: Settle): Swap {
  return async function swap({ version }, next) {
    try {
      const { doc } = await core.operations.replace(next, version)
      if (hasEnded(doc.state)) return await settle(doc)
      core.log.warn(
        { operation: doc.id, job: doc.job, lost: doc.lost },
        'The worker of an operation died; it is run again.',
      )
      core.tell('queued', doc)
      await core.enqueue(doc)
    } catch (error) {
      if (!isProblem(error, 'precondition_failed')) throw error
    }
  }
}
