import { isProblem, type JsonObject } from '../../base/index.ts'
import type { Filter, Store } from '../../store/index.ts'

/** One entry of the log. `hash` is over the canonical JSON of everything else, `prev` the hash of the entry before. */
export interface AuditEntry {
  /** From 1, without gaps. */
  readonly seq: number
  /** ISO 8601. */
  readonly at: string
  /** Null for the program itself, and for somebody who did not sign in. */
  readonly by: string | null
  readonly action: string
  readonly target: string | null
  readonly app: string | null
  readonly details: JsonObject
  readonly requestId: string | null
  readonly address: string | null
  readonly prev: string
  readonly hash: string
}

/** A place in the log: an entry's number and hash. */
export interface Mark {
  readonly seq: number
  readonly hash: string
}

interface AuditDocument extends AuditEntry {
  /** The number, with zeros in front: so documents are in the order of the log, and no two writers take one number. */
  readonly id: string
}

/** `head`: the last entry that was written. `checkpoint`: the last one that retention removed. */
type MarkName = 'head' | 'checkpoint'

export interface AuditStore {
  /** Errors: `conflict` when another writer took the number. */
  insert(entry: AuditEntry): Promise<void>
  last(): Promise<AuditEntry | null>
  /** In the order of the log, from behind a number, with the ids that they really have. */
  following(seq: number, limit: number): Promise<AuditDocument[]>
  /** The newest first. Only what `verifyAudit` looks at: nothing that stands before the checkpoint, or beside the numbers. */
  search(filter: Filter, page: { readonly limit: number; readonly before?: number | undefined }): Promise<AuditEntry[]>
  /** From the old end to a number, this one included; at most `limit`. Answers how many. */
  removeThrough(seq: number, limit: number): Promise<number>
  mark(name: MarkName): Promise<Mark | null>
  /** Moves a mark forward, never back. */
  advance(name: MarkName, to: Mark): Promise<void>
}

/** Twelve digits. */
export function entryId(seq: number): string {
  return String(seq).padStart(12, '0')
}

export function createAuditStore(store: Store): AuditStore {
  const entries = store.collection<AuditDocument>({ name: 'audit', indexes: ['at', 'by', 'action', 'app'] })
  const marks = store.collection<Mark & { readonly id: MarkName }>({ name: 'audit_marks' })

  async function mark(name: MarkName): Promise<Mark | null> {
    const found = await marks.get(name)
    return found && { seq: found.doc.seq, hash: found.doc.hash }
  }

  return {
    async insert(entry) {
      await entries.insert({ id: entryId(entry.seq), ...entry })
    },
    async last() {
      const [found] = await entries.find(undefined, { sort: { field: 'id', order: 'desc' }, limit: 1 })
      return found ? entryOf(found.doc) : null
    },
    async following(seq, limit) {
      return (await entries.find(undefined, { after: entryId(seq), limit })).map(({ doc }) => doc)
    },
    async search(filter, { limit, before }) {
      const start = (await mark('checkpoint'))?.seq ?? 0
      const after = before === undefined ? {} : { after: entryId(before) }
      const kept: Filter = { and: [filter, { field: 'id', gt: entryId(start) }] }
      const found = await entries.find(kept, { sort: { field: 'id', order: 'desc' }, limit, ...after })
      return found.map(({ doc }) => entryOf(doc))
    },
    async removeThrough(seq, limit) {
      const found = await entries.find({ field: 'id', lt: entryId(seq + 1) }, { limit })
      for (const { doc } of found) await entries.remove(doc.id)
      return found.length
    },
    mark,
    async advance(name, to) {
      for (;;) {
        const found = await marks.get(name)
        if (found && found.doc.seq >= to.seq) return
        const writing = found ? marks.replace({ id: name, ...to }, found.version) : marks.insert({ id: name, ...to })
        if (await writing.then(() => true, falseWhenRaced)) return
      }
    },
  }
}

function entryOf({ id: _, ...entry }: AuditDocument): AuditEntry {
  return entry
}

function falseWhenRaced(error: unknown): false {
  if (isProblem(error, 'precondition_failed') || isProblem(error, 'conflict')) return false
  throw error
}
