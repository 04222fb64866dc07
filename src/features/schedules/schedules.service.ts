import { type Clock, isProblem, newId, Problem } from '../../base/index.ts'
import type { Jobs, Operation } from '../../jobs/index.ts'
import { beginRun, type Run } from './begin-run.ts'
import type { CatchUpInput, NewSchedule, ScheduleAction, ScheduleChange } from './schedules.schema.ts'
import type { Action, CatchUp, ScheduleDocument, ScheduleStore, StoredSchedule } from './schedules.store.ts'
import { checkTimetable } from './timetable.ts'

/** Of one app. */
const mostSchedules = 100

/** How many missed times `all` makes up for, unless the schedule says. */
const usualLimit = 10

/** How often a write is repeated when the schedule fired between reading and writing. */
const attempts = 20

export interface SchedulesDeps {
  readonly schedules: ScheduleStore
  readonly jobs: Pick<Jobs, 'submitChain'>
  readonly clock: Clock
  /** When the app was made. Errors: `not_found`. */
  readonly appMadeAt: (app: string) => Promise<string>
}

export interface Target {
  readonly app: string
  readonly id: string
}

export interface Edit {
  readonly change: ScheduleChange
  /** The tag that the writer had read: `precondition_failed` when somebody has changed the schedule since. */
  readonly expected?: string | undefined
}

export interface Schedules {
  /** In the order of their names. Errors: `not_found` (the app). */
  list(app: string): Promise<StoredSchedule[]>
  /** Errors: `not_found`. */
  get(target: Target): Promise<StoredSchedule>
  /** Errors: `not_found` (the app), `conflict` (the name), `invalid_request`, `too_large` (too many). */
  create(by: string, app: string, schedule: NewSchedule): Promise<StoredSchedule>
  /** Errors: `not_found`, `precondition_failed`, `conflict`, `invalid_request`. */
  change(by: string, target: Target, edit: Edit): Promise<StoredSchedule>
  /** What it has begun goes on. Errors: `not_found`, `precondition_failed`. */
  remove(target: Target, expected?: string): Promise<void>
  /** Of an app that goes away. */
  removeAll(app: string): Promise<void>
  /** Begins a run now, also of a schedule that is off. Errors: `not_found`, those of `Jobs.submitChain`. */
  run(target: Target, run: Run): Promise<readonly Operation[]>
}

/**
 * The version of the store comes second: with each run an answer is another one, but only what people changed in between
 * stands in the way of an edit.
 */
export const tagOf = ({ doc, version }: StoredSchedule): string => `"${doc.revision}.${version}"`

export function createSchedules(deps: SchedulesDeps): Schedules {
  const { schedules, clock } = deps

  async function read({ app, id }: Target, expected?: string): Promise<StoredSchedule> {
    const found = await schedules.find(app, id)
    if (!found) throw new Problem('not_found', `The app "${app}" has no schedule "${id}".`)
    if (expected !== undefined && expected.split('.')[0] !== String(found.doc.revision)) {
      throw new Problem('precondition_failed', `The schedule "${found.doc.name}" was changed meanwhile.`)
    }
    return found
  }

  /** Reads and writes by compare-and-swap; again when the schedule fired in between. */
  async function swap<T>(target: Target, expected: string | undefined, write: (found: StoredSchedule) => Promise<T>) {
    for (let attempt = 1; ; attempt++) {
      const found = await read(target, expected)
      try {
        return await write(found)
      } catch (error) {
        if (!isProblem(error, 'precondition_failed') || attempt >= attempts) throw error
      }
    }
  }

  return {
    async list(app) {
      await deps.appMadeAt(app)
      return schedules.list(app)
    },
    get: (target) => read(target),
    create: (by, app, input) => create(deps, { by, app, input }),
    change: (by, target, { change, expected }) =>
      swap(target, expected, ({ doc, version }) => {
        const next = applyChange(doc, change, { by, now: clock.now() })
        return schedules.replace(next, version).catch(rephraseConflict(next.name))
      }),
    remove: (target, expected) =>
      swap(target, expected, async ({ version }) => {
        await schedules.remove(target.id, version)
      }),
    async removeAll(app) {
      for (const { doc } of await schedules.list(app)) await schedules.remove(doc.id)
    },
    async run(target, run) {
      const operations = await beginRun(deps.jobs, (await read(target)).doc, run)
      const lastRun = { at: clock.now(), by: run.by, operations: operations.map(({ id }) => id), error: null }
      // It has begun: nobody is told otherwise because the schedule went away, or was written to all the time.
      await swap(target, undefined, ({ doc, version }) => schedules.replace({ ...doc, lastRun }, version)).catch(
        unlessGone,
      )
      return operations
    },
  }
}

async function create(
  { schedules, clock, appMadeAt }: SchedulesDeps,
  { by, app, input }: { readonly by: string; readonly app: string; readonly input: NewSchedule },
): Promise<StoredSchedule> {
  const { name, cron, timezone, enabled } = input
  const madeAt = await appMadeAt(app)
  const now = clock.now()
  const nextFire = checkTimetable(cron, timezone, now)
  const id = newId(now)
  const made = await schedules
    .insert({
      ...{ id, app, name, cron, timezone, enabled },
      actions: input.actions.map(plainAction),
      catchUp: plainCatchUp(input.catch_up),
      ...{ firedUntil: now, ...(enabled && { nextFire }) },
      ...{ lastRun: null, lastSkip: null, revision: 1 },
      ...{ createdAt: now, createdBy: by, updatedAt: now, updatedBy: by },
    })
    .catch(rephraseConflict(name))
  // Counted with the new one: two that are made at once cannot both be the last one that fits.
  const excess = (await schedules.count(app)) > mostSchedules
  // The app may have gone away meanwhile: a later one of the same name must not inherit the schedule.
  const gone = (await appMadeAt(app).catch(nullWhenGone)) !== madeAt
  if (!excess && !gone) return made
  await schedules.remove(id)
  if (gone) throw new Problem('not_found', `The app "${app}" went away.`)
  throw new Problem('too_large', `An app has at most ${mostSchedules} schedules.`)
}

function applyChange(
  before: ScheduleDocument,
  { catch_up, actions, ...fields }: ScheduleChange,
  { by, now }: { readonly by: string; readonly now: number },
): ScheduleDocument {
  const { nextFire: _, ...kept } = before
  const next = {
    ...kept,
    ...withoutUndefined(fields),
    ...(actions && { actions: actions.map(plainAction) }),
    ...(catch_up && { catchUp: plainCatchUp(catch_up) }),
    ...{ revision: before.revision + 1, updatedAt: now, updatedBy: by },
  }
  const isTimed = next.cron !== before.cron || next.timezone !== before.timezone || (next.enabled && !before.enabled)
  if (!isTimed) return { ...next, ...(next.enabled && before.nextFire !== undefined && { nextFire: before.nextFire }) }
  // From now on: what the new times would have been before is nothing that was missed.
  const nextFire = checkTimetable(next.cron, next.timezone, now)
  return { ...next, firedUntil: now, ...(next.enabled && { nextFire }) }
}

function plainAction(action: ScheduleAction): Action {
  const domains = action.domains ?? null
  return action.kind === 'refresh'
    ? { kind: 'refresh', domains }
    : { kind: 'publish', parts: action.parts ?? null, domains }
}

function plainCatchUp({ policy, limit }: CatchUpInput): CatchUp {
  return { policy, limit: policy === 'all' ? (limit ?? usualLimit) : null }
}

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

function rephraseConflict(name: string) {
  return (error: unknown): never => {
    if (!isProblem(error, 'conflict')) throw error
    throw new Problem('conflict', `The app has a schedule "${name}" already.`)
  }
}

function unlessGone(error: unknown): void {
  if (!isProblem(error, 'not_found') && !isProblem(error, 'precondition_failed')) throw error
}

function nullWhenGone(error: unknown): null {
  if (isProblem(error, 'not_found')) return null
  throw error
}
