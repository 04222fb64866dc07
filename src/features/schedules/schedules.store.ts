import type { PublishedPart } from '../../catalog/index.ts'
import type { Store, Stored } from '../../store/index.ts'

export interface RefreshAction {
  readonly kind: 'refresh'
  /** Null: all that are read from a source. */
  readonly domains: readonly string[] | null
}

export interface PublishAction {
  readonly kind: 'publish'
  readonly parts: readonly PublishedPart[] | null
  readonly domains: readonly string[] | null
}

export type Action = RefreshAction | PublishAction

/** What is done about times that went by. `limit`: of `all`, otherwise null. */
export interface CatchUp {
  readonly policy: 'skip' | 'once' | 'all'
  readonly limit: number | null
}

/** A run that was begun. `by`: the user who asked for it, null for the scheduler. `error`: why there is no operation. */
export interface LastRun {
  readonly at: number
  readonly by: string | null
  readonly operations: readonly string[]
  readonly error: string | null
}

/** Times are milliseconds since 1970. */
export interface ScheduleDocument {
  readonly id: string
  readonly app: string
  readonly name: string
  /** App and name without differences of case: no two schedules share it. */
  readonly nameKey: string
  readonly cron: string
  readonly timezone: string
  readonly actions: readonly Action[]
  readonly enabled: boolean
  readonly catchUp: CatchUp
  /** Everything that was due up to here has been begun or passed over. */
  readonly firedUntil: number
  /** The first time after `firedUntil`; not there when the schedule is off. */
  readonly nextFire?: number
  readonly lastRun: LastRun | null
  readonly lastSkip: { readonly at: number; readonly reason: 'missed' | 'still_running' } | null
  /** How often people changed it: the runs in between do not count. */
  readonly revision: number
  readonly createdAt: number
  readonly createdBy: string
  readonly updatedAt: number
  readonly updatedBy: string
}

export type StoredSchedule = Stored<ScheduleDocument>
type Unkeyed = Omit<ScheduleDocument, 'nameKey'>

export interface ScheduleStore {
  /** Null also for a schedule of another app. */
  find(app: string, id: string): Promise<StoredSchedule | null>
  /** In the order of their names. */
  list(app: string): Promise<StoredSchedule[]>
  count(app: string): Promise<number>
  /** Of all apps, those that should have fired by now, the most urgent first. */
  due(now: number, limit: number): Promise<StoredSchedule[]>
  /** Of all apps, those that have fired after an instant. */
  firedAfter(instant: number, limit: number): Promise<StoredSchedule[]>
  /** Errors: `conflict` for a name that the app has already. */
  insert(schedule: Unkeyed): Promise<StoredSchedule>
  /** Errors: `precondition_failed`; `conflict` for a name that the app has already. */
  replace(schedule: Unkeyed, ifVersion: number): Promise<StoredSchedule>
  /** Errors: `precondition_failed`. */
  remove(id: string, ifVersion?: number): Promise<boolean>
}

export function createScheduleStore(store: Store): ScheduleStore {
  const schedules = store.collection<ScheduleDocument>({
    name: 'schedules',
    unique: ['nameKey'],
    indexes: ['app', 'nextFire', 'firedUntil'],
  })
  return {
    async find(app, id) {
      const found = await schedules.get(id)
      return found?.doc.app === app ? found : null
    },
    list: (app) => schedules.find({ field: 'app', eq: app }, { sort: { field: 'nameKey', order: 'asc' } }),
    count: (app) => schedules.count({ field: 'app', eq: app }),
    due: (now, limit) =>
      schedules.find({ field: 'nextFire', lt: now + 1 }, { sort: { field: 'nextFire', order: 'asc' }, limit }),
    firedAfter: (instant, limit) => schedules.find({ field: 'firedUntil', gt: instant }, { limit }),
    insert: (schedule) => schedules.insert(withKey(schedule)),
    replace: (schedule, ifVersion) => schedules.replace(withKey(schedule), ifVersion),
    remove: (id, ifVersion) => schedules.remove(id, ifVersion),
  }
}

function withKey(schedule: Unkeyed): ScheduleDocument {
  return { ...schedule, nameKey: `${schedule.app}/${schedule.name.normalize('NFKC').toLowerCase()}` }
}
