import { isProblem } from '../base/index.ts'
import type { Filter, Store, Stored } from '../store/index.ts'
import type { OperationRecord } from './operation-record.ts'
import type { ListRequest, OperationState } from './port.ts'

/** The records of operations. */
export interface Operations {
  get(id: string): Promise<Stored<OperationRecord> | null>
  /** Errors: `conflict` when its key is taken, or what it refuses to wait for. */
  insert(record: OperationRecord): Promise<Stored<OperationRecord>>
  /** Errors: `precondition_failed` when it was written meanwhile; `conflict` as `insert`. */
  replace(record: OperationRecord, ifVersion: number): Promise<Stored<OperationRecord>>
  remove(id: string): Promise<void>
  withKey(key: string): Promise<Stored<OperationRecord> | null>
  /** One that has not ended and runs under this lock, or will. */
  withLock(lock: string): Promise<OperationRecord | null>
  runningUnder(lock: string): Promise<boolean>
  /** The newest first. */
  list(request: ListRequest): Promise<OperationRecord[]>
  /** The oldest first. */
  inState(state: OperationState, page: { limit: number; after?: string }): Promise<Stored<OperationRecord>[]>
  /**
   * Writes what `step` makes of the record as it stands, however often others are faster. Null when there is none, or when `step`
   * gives null: then nothing is written.
   */
  change(id: string, step: (record: OperationRecord) => OperationRecord | null): Promise<OperationRecord | null>
}

export function createOperations(store: Store): Operations {
  const records = store.collection<OperationRecord>({
    name: 'operations',
    unique: ['key', 'exclusive'],
    indexes: ['app', 'state', 'changedAt', 'lock'],
    expires: 'expiresAt',
  })

  async function change(id: string, step: (record: OperationRecord) => OperationRecord | null) {
    for (;;) {
      const stored = await records.get(id)
      const next = stored && step(stored.doc)
      if (!next) return null
      try {
        return (await records.replace(next, stored.version)).doc
      } catch (error) {
        if (!isProblem(error, 'precondition_failed')) throw error
      }
    }
  }

  async function underLock(lock: string, states: readonly OperationState[]) {
    const filter: Filter = {
      and: [
        { field: 'state', in: states },
        { field: 'lock', eq: lock },
      ],
    }
    return (await records.find(filter, { limit: 1 }))[0]
  }

  return {
    get: records.get,
    insert: records.insert,
    replace: records.replace,
    remove: async (id) => {
      await records.remove(id)
    },
    withKey: async (key) => (await records.find({ field: 'key', eq: key }, { limit: 1 }))[0] ?? null,
    withLock: async (lock) => (await underLock(lock, ['queued', 'running']))?.doc ?? null,
    runningUnder: async (lock) => (await underLock(lock, ['running'])) !== undefined,
    async list({ limit, after, ...request }) {
      const found = await records.find(
        { and: conditions(request) },
        { sort: { field: 'id', order: 'desc' }, limit, ...(after !== undefined && { after }) },
      )
      return found.map(({ doc }) => doc)
    },
    inState: (state, page) => records.find({ field: 'state', eq: state }, page),
    change,
  }
}

function conditions({ app, stage, states, job, label, changedSince }: Omit<ListRequest, 'limit' | 'after'>): Filter[] {
  const filters: Filter[] = []
  if (app !== undefined) filters.push({ field: 'app', eq: app })
  if (stage !== undefined) filters.push({ field: 'stage', eq: stage })
  if (states !== undefined) filters.push({ field: 'state', in: states })
  if (job !== undefined) filters.push({ field: 'job', eq: job })
  if (label !== undefined) filters.push({ field: `labels.${label.name}`, eq: label.value })
  // The grammar has no "at or after"; times are whole milliseconds.
  if (changedSince !== undefined) filters.push({ field: 'changedAt', gt: changedSince - 1 })
  return filters
}
