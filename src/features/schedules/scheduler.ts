import { type Clock, createOutages, isProblem, type Log } from '../../base/index.ts'
import type { Bus, Lease } from '../../bus/index.ts'
import type { Jobs } from '../../jobs/index.ts'
import type { Store } from '../../store/index.ts'
import { type FiringDeps, fireDue, layAside, takeBack } from './fire-due.ts'
import { createScheduleStore, type StoredSchedule } from './schedules.store.ts'

/** How late a run may begin. */
const turnMs = 1000

/** Schedules that one turn looks at: the others come at the next. */
const perTurn = 200

/** A clock that is put right by less is none that was wrong. */
const clockToleranceMs = 60_000

export interface SchedulerDeps {
  readonly store: Store
  readonly jobs: Pick<Jobs, 'submitChain' | 'list'>
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  /** How long another one waits before it takes over from one that was not heard of. */
  readonly leaseMs: number
}

/** Begins what schedules are due to do. Of all that share a bus one is active, and the others wait for it to go away. */
export interface Scheduler {
  /** From now on it looks each second. */
  start(): void
  /** One look, as `start` makes them. Never fails: what went wrong stands in the log, and is tried again at the next one. */
  turn(): Promise<void>
  /** Whether it is the one that begins runs. */
  active(): boolean
  /** Waits for the look that is under way, and lets another one take over at once. */
  close(): Promise<void>
}

export function createScheduler(deps: SchedulerDeps): Scheduler {
  const schedules = createScheduleStore(deps.store)
  const leadership = createLeadership(deps)
  const firing = { ...deps, schedules, isActive: leadership.isHeld }
  const outages = createOutages(deps.log, {
    level: 'error',
    begins: 'the scheduler cannot work; it goes on trying',
    ends: 'the scheduler works again',
  })
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> | undefined
  let closed = false

  async function look(): Promise<void> {
    if (!(await leadership.hold())) return
    const now = deps.clock.now()
    const round = { firing, mayGoOn: leadership.hold }
    const ahead = await schedules.firedAfter(now + clockToleranceMs, perTurn)
    await lookAtAll({ ...round, found: ahead, look: takeBack })
    await lookAtAll({ ...round, found: await schedules.due(now, perTurn), look: fireDue })
  }

  /** A look that takes long is waited for: two at once would do the same twice. */
  function turn(): Promise<void> {
    current ??= look()
      .then(outages.worked, outages.failed)
      .finally(() => {
        current = undefined
      })
    return current
  }

  function again(): void {
    if (closed) return
    timer = setTimeout(() => void turn().finally(again), Math.min(turnMs, deps.leaseMs / 3))
  }

  return {
    start: () => void turn().finally(again),
    turn,
    active: leadership.isHeld,
    async close() {
      closed = true
      clearTimeout(timer)
      await current
      await leadership.release()
    },
  }
}

/** One schedule that fails does not keep the others from being looked at; what went wrong is thrown after the last. */
async function lookAtAll({ firing, found, mayGoOn, look }: Round): Promise<void> {
  const failures: unknown[] = []
  for (const schedule of found) {
    if (!(await mayGoOn())) break
    const laidAside = (error: unknown) => {
      if (!isProblem(error, 'invalid_request')) throw error
      return layAside(firing, schedule, error)
    }
    await look(firing, schedule)
      .catch(laidAside)
      .catch((error: unknown) => {
        // Somebody changed it, switched it off, or was faster: the next turn finds how it is now.
        if (!isProblem(error, 'precondition_failed')) failures.push(error)
      })
  }
  if (failures.length > 0) throw failures[0]
}

interface Round {
  readonly firing: FiringDeps
  readonly found: readonly StoredSchedule[]
  readonly mayGoOn: () => Promise<boolean>
  readonly look: (firing: FiringDeps, schedule: StoredSchedule) => Promise<void>
}

interface Leadership {
  /** Takes or prolongs the lease where that is due, and answers whether it is held. Errors: those of the bus, once the lease is over. */
  hold(): Promise<boolean>
  isHeld(): boolean
  release(): Promise<void>
}

function createLeadership({ bus, clock, log, leaseMs }: SchedulerDeps): Leadership {
  let held: { readonly lease: Lease; readonly since: Instant } | undefined

  // Either clock alone can be fooled: one may be put back, the other may stand still while the machine sleeps.
  const stamp = (): Instant => ({ wall: clock.now(), steady: performance.now() })
  const age = ({ wall, steady }: Instant) => Math.max(clock.now() - wall, performance.now() - steady)
  const isHeld = () => held !== undefined && age(held.since) < leaseMs

  function drop(): void {
    held = undefined
    log.warn({}, 'this scheduler is not active any more')
  }

  async function renew({ lease }: { readonly lease: Lease }): Promise<void> {
    // From before the request: the lease is as old as that when its answer comes late.
    const since = stamp()
    if (await lease.renew()) held = { lease, since }
    else drop()
  }

  return {
    isHeld,
    async hold() {
      if (held && age(held.since) < leaseMs / 3) return true
      if (held) {
        await renew(held).catch((error: unknown) => {
          if (isHeld()) return
          drop()
          throw error
        })
        if (held) return true
      }
      const since = stamp()
      const lease = await bus.lock('scheduler', leaseMs)
      if (lease) {
        held = { lease, since }
        log.info({}, 'this scheduler is active')
      }
      return isHeld()
    },
    async release() {
      const last = held
      held = undefined
      // Without the bus it runs out by itself.
      await last?.lease.release().catch(() => undefined)
    },
  }
}

interface Instant {
  readonly wall: number
  readonly steady: number
}
