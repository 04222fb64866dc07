import { type Clock, isProblem, type Log, type Problem } from '../../base/index.ts'
import type { Jobs, Operation } from '../../jobs/index.ts'
import { beginRun, fireKey, runLabel } from './begin-run.ts'
import type { LastRun, ScheduleDocument, ScheduleStore, StoredSchedule } from './schedules.store.ts'
import { readTimetable } from './timetable.ts'

/** What is older was missed: then the schedule's policy says what is done. */
const missedAfterMs = 60_000

/** More than any schedule can have begun at once: policy `all` begins at most 100 runs of two actions. */
const mostOperations = 400

export interface FiringDeps {
  readonly schedules: ScheduleStore
  readonly jobs: Pick<Jobs, 'submitChain' | 'list'>
  readonly clock: Clock
  readonly log: Log
  /** Whether this process is still the one that may begin runs. */
  readonly isActive: () => boolean
}

/**
 * Begins what a schedule was due to do since it last fired, and moves its cursor by compare-and-swap. First the runs, whose keys
 * come from the times that they were due at, and then the cursor: whoever was killed in between, or is not the only one, asks for the
 * same runs again and is given them.
 * Errors: `precondition_failed` when somebody changed the schedule meanwhile; `invalid_request` when this program cannot read its times.
 */
export async function fireDue(deps: FiringDeps, { doc, version }: StoredSchedule): Promise<void> {
  const now = deps.clock.now()
  const { policy, limit } = doc.catchUp
  const timetable = readTimetable(doc.cron, doc.timezone)
  const most = policy === 'all' ? (limit ?? 1) : 1
  const due = timetable.latest({ after: doc.firedUntil, until: now, limit: most })
  const firedUntil = due.at(-1) ?? doc.firedUntil
  const outcome = await beginDue(deps, doc, { due, now, most })
  if (outcome === 'inactive') return
  const nextFire = timetable.next(firedUntil)
  const { nextFire: _, ...kept } = doc
  const next = { ...kept, ...outcome, firedUntil, ...(nextFire !== null && { nextFire }) }
  await deps.schedules.replace(next, version)
}

interface Due {
  /** The oldest first. */
  readonly due: readonly number[]
  readonly now: number
  /** Of its runs that may wait or go on at once. */
  readonly most: number
}

type Outcome = Partial<Pick<ScheduleDocument, 'lastRun' | 'lastSkip'>>

async function beginDue(
  deps: FiringDeps,
  doc: ScheduleDocument,
  { due, now, most }: Due,
): Promise<Outcome | 'inactive'> {
  const inTime = doc.catchUp.policy === 'skip' ? due.filter((fire) => fire >= now - missedAfterMs) : due
  const latest = due.at(-1)
  if (latest === undefined) return {}
  if (inTime.length === 0) return { lastSkip: { at: latest, reason: 'missed' } }
  const labels = new Set(inTime.map((fire) => runLabel(doc.id, fireKey(fire))))
  const others = (await runsUnderWay(deps, doc)).filter((label) => !labels.has(label))
  // A schedule that fires faster than its work gets done would otherwise fill the queue without end.
  const room = Math.max(0, most - others.length)
  if (room === 0) return { lastSkip: { at: latest, reason: 'still_running' } }
  let lastRun: LastRun | null = null
  for (const fire of inTime.slice(-room)) {
    if (!deps.isActive()) return 'inactive'
    lastRun = { at: fire, by: null, ...(await begin(deps, doc, { fire, now })) }
  }
  return { lastRun }
}

/** The labels of the runs that have not ended. */
async function runsUnderWay({ jobs }: FiringDeps, { id, app }: ScheduleDocument): Promise<string[]> {
  const label = { name: 'schedule', value: id }
  const found = await jobs.list({ app, label, states: ['queued', 'running'], limit: mostOperations })
  return [...new Set(found.map(({ labels }) => labels.run ?? ''))]
}

/** A run that is begun now, or was before; or why it cannot be begun. */
async function begin(
  { jobs, log }: FiringDeps,
  doc: ScheduleDocument,
  { fire, now }: { readonly fire: number; readonly now: number },
): Promise<Pick<LastRun, 'operations' | 'error'>> {
  const { id, app } = doc
  const key = fireKey(fire)
  // Keys of operations are forgotten after a while. What is late may have been begun before they were.
  if (fire < now - missedAfterMs) {
    const label = { name: 'run', value: runLabel(id, key) }
    const before = await jobs.list({ app, label, limit: mostOperations })
    // Without its first operation a run was never begun: whoever began it was killed over it.
    if (before.some(({ after }) => after === null)) return { operations: idsOf(before.toReversed()), error: null }
  }
  try {
    const operations = await beginRun(jobs, doc, { key, by: null, requestId: null })
    log.info({ schedule: id, app, fire: key }, 'a schedule fired')
    return { operations: idsOf(operations), error: null }
  } catch (error) {
    // It would be refused at each turn. What may go away by itself is tried again at the next one.
    if (!isProblem(error) || error.status >= 500 || error.code === 'precondition_failed') throw error
    log.warn({ schedule: id, app, fire: key, code: error.code, detail: error.message }, 'a schedule cannot run')
    return { operations: [], error: error.message }
  }
}

const idsOf = (operations: readonly Operation[]) => operations.map((operation) => operation.id)

/** Lays aside a schedule whose times this program cannot read, such as one in a time zone that went out of use, until somebody changes it. */
export async function layAside(
  { schedules, clock, log }: FiringDeps,
  stored: StoredSchedule,
  why: Problem,
): Promise<void> {
  const { nextFire: _, ...kept } = stored.doc
  const now = clock.now()
  const lastRun = { at: now, by: null, operations: [], error: why.message }
  await schedules.replace({ ...kept, firedUntil: now, lastRun }, stored.version)
  log.error({ schedule: kept.id, app: kept.app, detail: why.message }, 'a schedule cannot be read and is laid aside')
}

/**
 * Moves the cursor of a schedule back that fired in what is now the future: the clock was put back, and the schedule must not stand
 * still until then. What it has begun meanwhile is not begun again.
 */
export async function takeBack({ schedules, clock, log }: FiringDeps, { doc, version }: StoredSchedule): Promise<void> {
  const now = clock.now()
  const { nextFire: _, ...kept } = doc
  const nextFire = doc.enabled ? readTimetable(doc.cron, doc.timezone).next(now) : null
  await schedules.replace({ ...kept, firedUntil: now, ...(nextFire !== null && { nextFire }) }, version)
  const fields = { schedule: doc.id, app: doc.app, fired: fireKey(doc.firedUntil) }
  log.warn(fields, 'the clock was put back: the schedule goes on from now')
}
