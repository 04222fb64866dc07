import type { Core } from './core.ts'
import type { OperationRecord } from './operation-record.ts'

/** `missing`: a chain is written from its end, and this one has no beginning yet, or never got one. */
export type Predecessor = OperationRecord | 'missing'

/**
 * What an operation waits for before it may begin; null: nothing. Records of those that have ended expire: what has begun before waits
 * for nobody who is gone, and what has not is released as soon as the one before it is done.
 */
export async function predecessorOf(
  { operations }: Core,
  { after, released, attempt }: OperationRecord,
): Promise<Predecessor | null> {
  if (after === null || released) return null
  const before = await operations.get(after)
  if (!before) return attempt > 0 ? null : 'missing'
  return before.doc.state === 'done' ? null : before.doc
}

/** The one before it is done. Null when it waits no longer. */
export function release({ operations }: Core, id: string): Promise<OperationRecord | null> {
  return operations.change(id, (record) => (record.state === 'queued' ? { ...record, released: true } : null))
}
