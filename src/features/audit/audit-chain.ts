import { canonicalJson, sha256 } from '../../base/index.ts'
import type { AuditEntry, Mark } from './audit.store.ts'

/** Where a log begins: what the first entry follows. */
export const beginning: Mark = { seq: 0, hash: '0'.repeat(64) }

export type Unchained = Omit<AuditEntry, 'seq' | 'prev' | 'hash'>

/** The entry that follows a mark. */
export function chain(draft: Unchained, { seq, hash }: Mark): AuditEntry {
  const entry = { ...draft, seq: seq + 1, prev: hash }
  return { ...entry, hash: hashOf(entry) }
}

/** Over the canonical JSON of the entry without its hash. */
export function hashOf(entry: Omit<AuditEntry, 'hash'>): string {
  return sha256(canonicalJson(entry))
}
