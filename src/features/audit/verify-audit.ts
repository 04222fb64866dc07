import type { AuditEntry, AuditStore, Mark } from './audit.store.ts'
import { entryId } from './audit.store.ts'
import { beginning, hashOf } from './audit-chain.ts'

/** What `verifyAudit` found. `broken` is the first place where the log is not what was written. */
export interface Verification {
  /** Entries that were looked at and are in order. */
  readonly entries: number
  /** The first that is kept; what was before it was removed by retention. Null for an empty log. */
  readonly first: Mark | null
  /** The last one: note it elsewhere, and compare it later. */
  readonly last: Mark | null
  /** Entries behind the mark of the head: a program that was killed leaves one. */
  readonly unanchored: number
  readonly broken: { readonly seq: number; readonly reason: string } | null
}

const pageSize = 1000

/** A mark that has to be in the log, and what it means when it is not. */
interface Expectation extends Mark {
  readonly reason: string
}

/**
 * Reads the whole log and checks each entry against the one before, the old end against the checkpoint, and the new end against the
 * mark of the head. `noted` is a mark from outside, which finds even a log that was written anew as a whole.
 */
export async function verifyAudit(entries: AuditStore, noted?: Mark): Promise<Verification> {
  const checkpoint = (await entries.mark('checkpoint')) ?? beginning
  const head = await entries.mark('head')
  const walk = startWalk(checkpoint, [
    ...(head ? [{ ...head, reason: 'The mark of the head names another entry.' }] : []),
    ...(noted ? [{ ...noted, reason: 'It is not the entry that was noted elsewhere.' }] : []),
  ])
  for (;;) {
    const page = await entries.following(walk.end.seq, pageSize)
    for (const { id, ...entry } of page) {
      walk.broken = fault(walk, id, entry)
      if (walk.broken) return result(walk, head)
      step(walk, entry)
    }
    if (page.length < pageSize) break
  }
  walk.broken = missingEnd(walk, head, noted) ?? unrecorded(walk, checkpoint)
  return result(walk, head)
}

interface Walk {
  readonly expectations: readonly Expectation[]
  readonly start: Mark
  end: Mark
  count: number
  first: Mark | null
  /** Whether the entry was seen that tells of the checkpoint. */
  recorded: boolean
  broken: Verification['broken']
}

function startWalk(start: Mark, expectations: readonly Expectation[]): Walk {
  return { start, expectations, end: start, count: 0, first: null, recorded: false, broken: null }
}

function step(walk: Walk, { seq, hash, action, details }: AuditEntry): void {
  walk.end = { seq, hash }
  walk.first ??= walk.end
  walk.count++
  walk.recorded ||= action === 'audit.prune' && details.seq === walk.start.seq && details.hash === walk.start.hash
}

function fault({ end, expectations }: Walk, id: string, entry: AuditEntry): Verification['broken'] {
  const seq = end.seq + 1
  const broken = (reason: string) => ({ seq, reason })
  if (id > entryId(seq) && /^\d{12}$/.test(id)) return broken('It is missing.')
  if (id !== entryId(seq) || entry.seq !== seq)
    return broken('Something stands in its place that was not written there.')
  const { hash, ...content } = entry
  if (hashOf(content) !== hash) return broken('It was altered.')
  if (entry.prev !== end.hash) return broken('It does not follow the entry before it.')
  const unmet = expectations.find((expected) => expected.seq === seq && expected.hash !== hash)
  return unmet ? broken(unmet.reason) : null
}

function missingEnd({ end, start }: Walk, head: Mark | null, noted?: Mark): Verification['broken'] {
  const seq = end.seq + 1
  // The first entry of all may be there before its mark.
  if (!head && end.seq > 1) return { seq, reason: 'The mark of the head is missing.' }
  if ((head?.seq ?? 0) > end.seq) return { seq, reason: 'It is missing: the end of the log was cut off.' }
  if ((noted?.seq ?? 0) > end.seq) return { seq, reason: 'It is missing, and was noted elsewhere.' }
  if (noted && noted.seq <= start.seq && noted.seq > 0 && noted.hash !== start.hash) {
    return { seq: noted.seq, reason: 'Retention has removed it, so it cannot be compared: note a newer one.' }
  }
  return null
}

/** A checkpoint that no entry tells of was not set by retention. */
function unrecorded({ start, recorded }: Walk, checkpoint: Mark): Verification['broken'] {
  if (checkpoint.seq === 0 || recorded) return null
  return { seq: start.seq, reason: 'The log was cut at its old end, and no entry says so.' }
}

function result({ count, first, end, broken }: Walk, head: Mark | null): Verification {
  const last = count > 0 ? end : null
  return { entries: count, first, last, unanchored: Math.max(0, (last?.seq ?? 0) - (head?.seq ?? 0)), broken }
}
