import { errorCatalogue, type Json, type Problem } from '../base/index.ts'
import type { OperationRecord } from './operation-record.ts'
import type { OperationError, OperationState } from './port.ts'

/*
 * The state machine, as functions from one record to the next. Who writes what they give does it by compare-and-swap, so each
 * step is taken by one process only.
 */

/** How many workers may die of one operation before it is left alone: it may be what kills them. */
export const mostLost = 5

export const hasEnded = (state: OperationState): boolean =>
  state === 'done' || state === 'failed' || state === 'cancelled'

export interface Ending {
  readonly now: number
  /** How long the record is kept. */
  readonly keepMs: number
}

export function begin(
  record: OperationRecord,
  { owner, now, leaseMs }: { owner: string; now: number; leaseMs: number },
): OperationRecord {
  return {
    ...without(record, 'unclaimedSince'),
    state: 'running',
    attempt: record.attempt + 1,
    lease: { owner, until: now + leaseMs },
    progress: null,
    startedAt: record.startedAt ?? now,
    changedAt: now,
  }
}

/** Says that whoever runs it is alive. */
export function heartbeat(
  record: OperationRecord,
  { now, leaseMs }: { now: number; leaseMs: number },
): OperationRecord {
  return { ...record, lease: record.lease && { ...record.lease, until: now + leaseMs }, changedAt: now }
}

export function succeed(record: OperationRecord, result: Json, ending: Ending): OperationRecord {
  return { ...ended(record, 'done', ending), result, error: null }
}

export function fail(record: OperationRecord, problem: Problem, ending: Ending): OperationRecord {
  return { ...ended(record, 'failed', ending), error: errorOf(problem) }
}

export function cancel(record: OperationRecord, problem: Problem, ending: Ending): OperationRecord {
  return { ...ended(record, 'cancelled', ending), error: errorOf(problem) }
}

/** It failed by something that may go away. The error is kept, so that people see why it waits. */
export function tryAgain(
  record: OperationRecord,
  problem: Problem,
  { now, delayMs }: { now: number; delayMs: number },
): OperationRecord {
  return {
    ...requeue(record, now),
    failures: record.failures + 1,
    error: errorOf(problem),
    notBefore: now + delayMs,
  }
}

/** Its worker has to end: no failure of the operation. */
export const giveBack = (record: OperationRecord, now: number): OperationRecord => requeue(record, now)

/** Its worker died. */
export function lose(record: OperationRecord, problem: Problem, ending: Ending): OperationRecord {
  const lost = record.lost + 1
  if (lost >= mostLost) return { ...fail(record, problem, ending), lost }
  return { ...requeue(record, ending.now), lost }
}

/** Begins anew. The attempts go on counting: they tell the runs of one operation apart. */
export function revive(record: OperationRecord, now: number): OperationRecord {
  return {
    ...without(requeue(record, now), 'expiresAt', 'fellWith', 'unclaimedSince'),
    failures: 0,
    lost: 0,
    cancelRequested: false,
    progress: null,
    lines: [],
    result: null,
    error: null,
    startedAt: null,
    endedAt: null,
  }
}

function requeue(record: OperationRecord, now: number): OperationRecord {
  return { ...record, state: 'queued', lease: null, notBefore: now, changedAt: now }
}

function ended(record: OperationRecord, state: OperationState, { now, keepMs }: Ending): OperationRecord {
  return {
    ...without(record, 'lock', 'exclusive', 'unclaimedSince'),
    state,
    lease: null,
    endedAt: now,
    changedAt: now,
    expiresAt: now + keepMs,
  }
}

function errorOf({ code, message, errors }: Problem): OperationError {
  return { code, title: errorCatalogue[code].title, detail: message, errors }
}

/** A field that is undefined is not the same as one that is not there, for a database. */
export function without<T extends object, K extends keyof T>(from: T, ...names: readonly K[]): Omit<T, K> {
  const present = names.filter((name) => name in from)
  if (present.length === 0) return from
  const copy: Partial<T> = { ...from }
  for (const name of present) delete copy[name]
  return copy as Omit<T, K>
}
