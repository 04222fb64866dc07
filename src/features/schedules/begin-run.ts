import type { Jobs, Operation, Submission } from '../../jobs/index.ts'
import type { Action, ScheduleDocument } from './schedules.store.ts'

/** One run of a schedule. `key` tells it from every other one of the same schedule: the same run cannot be begun twice. */
export interface Run {
  readonly key: string
  /** Null: the scheduler. */
  readonly by: string | null
  readonly requestId: string | null
}

/** What every operation of a run is labelled with, so that it is found by its schedule and by its run. */
export const runLabel = (schedule: string, key: string): string => `${schedule}:${key}`

/** The key of a run that was due at an instant. */
export const fireKey = (fire: number): string => new Date(fire).toISOString()

/** Submits the actions of a schedule, each after the one before. Errors: those of `Jobs.submitChain`. */
export function beginRun(
  jobs: Pick<Jobs, 'submitChain'>,
  { id, app, actions }: Pick<ScheduleDocument, 'id' | 'app' | 'actions'>,
  { key, by, requestId }: Run,
): Promise<readonly Operation[]> {
  const labels = { schedule: id, run: runLabel(id, key) }
  return jobs.submitChain(
    actions.map((action, n) => ({
      ...workOf(action, app),
      ...{ app, by, requestId, key: `schedule:${id}:${key}:${n}`, labels },
    })),
  )
}

function workOf({ kind, ...fields }: Action, app: string): Pick<Submission, 'job' | 'args' | 'stage'> {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
  if (kind === 'publish') return { job: 'publish', args: { app, ...given }, stage: 'production' }
  return { job: 'refresh', args: { app, stage: 'staging', ...given }, stage: 'staging' }
}
