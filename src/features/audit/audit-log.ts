import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, isProblem, Problem } from '../../base/index.ts'
import type { AuditEntry, AuditStore, Mark } from './audit.store.ts'
import { beginning, chain, type Unchained } from './audit-chain.ts'

export interface AuditLogDeps {
  readonly entries: AuditStore
  readonly clock: Clock
  /** Milliseconds that entries are kept. */
  readonly retention: number
}

/** The log of who did what. Entries are only ever added, each chained to the one before, and removed only from the old end. */
export interface AuditLog {
  /** Errors: `storage_failed`, `overloaded` when others write all the time. */
  append(entry: Omit<Unchained, 'at'>): Promise<AuditEntry>
  /**
   * Removes entries that are older than the retention, from the old end up to the first that is not, and not too many at once.
   * First an entry says so, then the checkpoint is set, and only then they go. Answers how many.
   */
  prune(): Promise<number>
}

const mostAttempts = 50
/** Together with how often it is done, more are removed than are added. */
const mostPruned = 2000

export function createAuditLog({ entries, clock, retention }: AuditLogDeps): AuditLog {
  let turn: Promise<unknown> = Promise.resolve()

  /** Writers of this process go one after the other; those of others are met by the number that is taken. */
  async function append(draft: Omit<Unchained, 'at'>): Promise<AuditEntry> {
    const mine = turn.then(() => appendNow({ at: new Date(clock.now()).toISOString(), ...draft }))
    turn = mine.catch(() => {})
    return mine
  }

  async function appendNow(draft: Unchained): Promise<AuditEntry> {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const [last, head] = [await entries.last(), (await entries.mark('head')) ?? beginning]
      // An end that somebody cut off stays visible as a gap: nothing is written into its place.
      const entry = chain(draft, last && last.seq >= head.seq ? last : head)
      if (await entries.insert(entry).then(() => true, falseWhenTaken)) {
        await entries.advance('head', entry)
        return entry
      }
      await sleep(Math.random() * 2 ** Math.min(attempt, 6))
    }
    throw new Problem('overloaded', 'The audit log is being written by others all the time.', { retryAfter: 1 })
  }

  async function prune(): Promise<number> {
    const cut = await oldEnd(entries, new Date(clock.now() - retention).toISOString())
    if (cut) {
      const details = { seq: cut.seq, hash: cut.hash }
      const program = { by: null, target: null, app: null, requestId: null, address: null }
      await append({ ...program, action: 'audit.prune', details })
      await entries.advance('checkpoint', cut)
    }
    const checkpoint = await entries.mark('checkpoint')
    return checkpoint ? entries.removeThrough(checkpoint.seq, mostPruned) : 0
  }

  return { append, prune }
}

/** The last of the entries at the old end that were written before `before`. */
async function oldEnd(entries: AuditStore, before: string): Promise<Mark | null> {
  const checkpoint = (await entries.mark('checkpoint')) ?? beginning
  const oldest = await entries.following(checkpoint.seq, mostPruned)
  const kept = oldest.findIndex(({ at }) => at >= before)
  const last = kept === -1 ? oldest.at(-1) : oldest[kept - 1]
  return last ? { seq: last.seq, hash: last.hash } : null
}

function falseWhenTaken(error: unknown): false {
  if (isProblem(error, 'conflict')) return false
  throw error
}
