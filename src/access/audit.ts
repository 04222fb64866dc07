import type { JsonObject, Log } from '../base/index.ts'
import type { Principal } from './principal.ts'

/** Everything that is kept in the audit log. */
export type AuditAction =
  | 'session.start'
  | 'session.refused'
  | 'session.end'
  | 'user.create'
  | 'user.change'
  | 'user.remove'
  | 'group.create'
  | 'group.remove'
  | 'app.create'
  | 'app.remove'
  | 'permissions.replace'
  | 'permissions.remove'
  | 'permissions.simulate'
  | 'release.publish'
  | 'connection.create'
  | 'connection.change'
  | 'connection.remove'
  | 'schedule.create'
  | 'schedule.change'
  | 'schedule.remove'
  | 'audit.prune'

/** Something that people may want to know of later. `details` never hold secrets, rows, or values of rules. */
export interface AuditEvent {
  readonly action: AuditAction
  /** What it was done to: a username, the name of a group or domain, the id of an app, connection or schedule. */
  readonly target: string | null
  readonly app?: string
  readonly details?: JsonObject
  /** Who did it; without it the principal of the context. */
  readonly by?: string | null
}

/** The part of a request's context that an entry tells of. */
export interface AuditContext {
  readonly principal?: Pick<Principal, 'username'>
  readonly requestId: string | null
  readonly address?: string
  readonly log: Log
}

/** How features tell of what they do. */
export interface Audit {
  /**
   * Keeps a change, and then makes it: nothing changes that is not in the log. A change that fails has a second entry that says so.
   * Errors: those of the change; `storage_failed` when the log cannot be written, and then the change is not made.
   */
  change<T>(ctx: AuditContext, event: AuditEvent, make: () => Promise<T>): Promise<T>
  /** Keeps what happened, as far as that can be done in a short time: it never fails, and what is lost stands in the program's log. */
  note(ctx: AuditContext, event: AuditEvent): Promise<void>
}
