import { newId } from '../base/index.ts'
import type { JobDefinition, Operation, Submission } from './port.ts'

/** What is kept of an operation, with what concerns nobody outside of this room. */
export interface OperationRecord extends Operation {
  /** Attempts whose worker was not heard of again. */
  readonly lost: number
  /** What it runs under, until it has ended. */
  readonly lock?: string
  /** As `lock`, of a job that refuses to wait: no two records share it, so that of two submissions one fails. */
  readonly exclusive?: string
  /** The one that it follows is done: it waits for it no longer. */
  readonly released?: boolean
  /** The operation that begins after this one. */
  readonly next?: string
  /** It was cancelled because that operation, the one before it, did not succeed. */
  readonly fellWith?: string
  /** Since when workers have seen it that do not know its job. */
  readonly unclaimedSince?: number
}

export interface NewRecord {
  readonly id: string
  readonly submission: Submission
  readonly definition: JobDefinition
  readonly lock: string | undefined
  readonly now: number
  readonly after?: string | undefined
  readonly next?: string | undefined
}

export function newRecord({ id, submission, definition, lock, now, after, next }: NewRecord): OperationRecord {
  return {
    id,
    job: definition.name,
    version: definition.version,
    queue: definition.queue,
    priority: submission.priority ?? 2,
    app: submission.app,
    stage: submission.stage,
    args: submission.args,
    by: submission.by,
    requestId: submission.requestId,
    state: 'queued',
    attempt: 0,
    failures: 0,
    lost: 0,
    lease: null,
    cancelRequested: false,
    progress: null,
    lines: [],
    result: null,
    error: null,
    ...(submission.key !== undefined && { key: submission.key }),
    ...lockFields(definition, lock),
    ...(next !== undefined && { next }),
    after: after ?? null,
    labels: submission.labels ?? {},
    notBefore: now,
    createdAt: now,
    startedAt: null,
    endedAt: null,
    changedAt: now,
  }
}

/** What a record holds of its lock while it has not ended. */
export function lockFields(
  { whenLocked }: Pick<JobDefinition, 'whenLocked'>,
  lock: string | undefined,
): Pick<OperationRecord, 'lock' | 'exclusive'> {
  if (lock === undefined) return {}
  return whenLocked === 'refuse' ? { lock, exclusive: lock } : { lock }
}

/** So many ids, in the order in which what they name shall stand in lists. */
export function newIds(count: number, now: number): string[] {
  return Array.from({ length: count }, () => newId(now)).sort()
}
