import type { Audit, AuditContext } from '../../access/index.ts'
import type { Auth } from '../../auth/index.ts'
import { type Clock, isProblem, type Log } from '../../base/index.ts'
import type { Store } from '../../store/index.ts'
import { type AuditStore, createAuditStore, type Mark } from './audit.store.ts'
import { createAudit } from './audit.ts'
import { createAuditLog } from './audit-log.ts'
import { type Verification, verifyAudit } from './verify-audit.ts'

export interface AuditingDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds that entries are kept. */
  readonly retention: number
  /** Whether there is a user of this name. */
  readonly knows: (username: string) => Promise<boolean>
}

/** The audit log of an instance and what is done with it. */
export interface Auditing {
  readonly audit: Audit
  readonly entries: AuditStore
  /** Removes some entries that are older than the retention. Answers how many. */
  prune(): Promise<number>
  /** Keeps that a sign-in failed. It takes the same time whether there is such a user or not. */
  noteRefusal(ctx: AuditContext, username: string): Promise<void>
  /** As `authenticate`, keeping the passwords that were wrong: a request with HTTP Basic is no sign-in of its own. */
  watch(authenticate: Auth['authenticate']): Auth['authenticate']
}

export function createAuditing({ store, clock, log, retention, knows }: AuditingDeps): Auditing {
  const entries = createAuditStore(store)
  const auditLog = createAuditLog({ entries, clock, retention })
  const audit = createAudit({ auditLog })

  async function noteRefusal(ctx: AuditContext, username: string): Promise<void> {
    // A name that nobody has may be a password that was typed into the wrong field.
    const target = (await knows(username)) ? username : null
    await audit.note(ctx, { action: 'session.refused', target })
  }

  return {
    audit,
    entries,
    prune: () => auditLog.prune(),
    noteRefusal,
    watch: (authenticate) => (credentials) =>
      authenticate(credentials).catch(async (error: unknown) => {
        if (credentials.kind === 'password' && isProblem(error, 'login_failed')) {
          const { username, address } = credentials
          await noteRefusal({ requestId: null, address, log }, username)
        }
        throw error
      }),
  }
}

/** Whether the audit log in a store is what was written. `noted` is a mark that was kept elsewhere. */
export function verifyAuditLog(store: Store, noted?: Mark): Promise<Verification> {
  return verifyAudit(createAuditStore(store), noted)
}
