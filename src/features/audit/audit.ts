import { setTimeout as sleep } from 'node:timers/promises'
import type { Audit, AuditContext, AuditEvent } from '../../access/index.ts'
import { isProblem, type Json, type JsonObject, type Log, Problem, sha256 } from '../../base/index.ts'
import type { AuditLog } from './audit-log.ts'

/** Bytes of JSON; what is longer is named by its hash. */
const longestDetails = 8192
const longestText = 300

/** How long a sign-in waits for the log. */
const patienceMs = 2000

export interface AuditDeps {
  readonly auditLog: AuditLog
  /** Default: some seconds. For tests. */
  readonly patience?: number
}

export function createAudit({ auditLog, patience = patienceMs }: AuditDeps): Audit {
  async function append(ctx: AuditContext, event: AuditEvent): Promise<void> {
    const { seq, hash, action } = await auditLog.append(draftOf(ctx, event))
    // Whoever keeps the program's log elsewhere has there what to compare the audit log with.
    ctx.log.info({ audit: { seq, hash, action } }, 'audit')
    if (seq % 1000 === 0) void auditLog.prune().catch(lost(ctx.log, 'old audit entries were not removed'))
  }

  return {
    async change(ctx, event, make) {
      await append(ctx, event).catch(refuseChange)
      try {
        return await make()
      } catch (error) {
        const failed = isProblem(error) ? error.code : 'internal'
        await append(ctx, { ...event, details: { failed } }).catch(
          lost(ctx.log, 'the audit log lacks that a change failed'),
        )
        throw error
      }
    },
    async note(ctx, event) {
      const stop = new AbortController()
      const late = sleep(patience, undefined, { signal: stop.signal }).then(
        () => ctx.log.error({ action: event.action }, 'the audit log is late'),
        () => {},
      )
      const written = append(ctx, event).catch(lost(ctx.log, 'the audit log lacks an entry'))
      await Promise.race([written, late])
      stop.abort()
    },
  }
}

function lost(log: Log, message: string) {
  return (error: unknown): void => log.error({ err: error }, message)
}

function refuseChange(cause: unknown): never {
  throw new Problem('storage_failed', 'Nothing was changed, because the audit log could not be written.', { cause })
}

function draftOf({ principal, requestId, address }: AuditContext, event: AuditEvent) {
  const { action, target, app = null, details = {}, by = principal?.username ?? null } = event
  return {
    by: cut(by),
    action,
    target: cut(target),
    app,
    details: bounded(details),
    requestId,
    address: address ?? null,
  }
}

function cut(text: string | null): string | null {
  return text === null || text.length <= longestText ? text : `${text.slice(0, longestText)}…`
}

/** Also makes of it what the store will give back, so that the hash is over the same. */
function bounded(details: JsonObject): JsonObject {
  const text = JSON.stringify(details)
  if (text.length > longestDetails) return { length: text.length, sha256: sha256(text) }
  return JSON.parse(text) as { [name: string]: Json }
}
