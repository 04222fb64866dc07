import { z } from 'zod'
import { newSecret } from '../../src/base/index.ts'
import type { Bus } from '../../src/bus/index.ts'
import { openBus } from '../../src/bus/index.ts'
import { createCatalog } from '../../src/catalog/index.ts'
import { createAuditStore } from '../../src/features/audit/audit.store.ts'
import { createScheduler, type Scheduler, type SchedulerDeps } from '../../src/features/schedules/scheduler.ts'
import { schedulesRoutes } from '../../src/features/schedules/schedules.routes.ts'
import { createSchedules, type Schedules } from '../../src/features/schedules/schedules.service.ts'
import { createScheduleStore } from '../../src/features/schedules/schedules.store.ts'
import { createJobs, defineJob, type Jobs, type Operation } from '../../src/jobs/index.ts'
import { anAdmin } from './auth.ts'
import { type Answer, aServer, call, type TestServer } from './server.ts'

export interface Scheduling extends TestServer {
  readonly jobs: Jobs
  readonly schedules: Schedules
  /** An administrator's token. */
  readonly admin: string
  /** What the jobs did, in the order in which they did it: `refresh shop`. */
  readonly done: string[]
  /** Another scheduler, over what the server has where nothing else is given. Closed with the rest. */
  aScheduler(other?: Partial<Pick<SchedulerDeps, 'jobs' | 'bus' | 'store'>>): Scheduler
  /** A bus of its own, as if another process could not be met. */
  aBus(): Promise<Bus>
  anApp(id: string): Promise<void>
  /** Makes a schedule that refreshes, each hour unless the fields say otherwise; answers its id. */
  aSchedule(app: string, fields?: Readonly<Record<string, unknown>>): Promise<string>
  read(app: string, id: string): Promise<Answer>
  /** The runs of a schedule, the oldest first: when each was due. */
  runsOf(id: string): Promise<string[]>
  operationsOf(id: string): Promise<readonly Operation[]>
  /** What the audit log holds, as `schedule.create Nightly`. */
  audited(): Promise<string[]>
  /** Waits until every operation has ended. */
  settle(): Promise<void>
}

export const minute = 60_000
export const hour = 60 * minute
export const day = 24 * hour

const lease = 10_000

/** With an app and a scheduler that looks when a test says so. Nothing runs but what a test makes. */
export async function aShopWithScheduler(): Promise<{ app: Scheduling; scheduler: Scheduler }> {
  const app = await aScheduling()
  await app.anApp('shop')
  return { app, scheduler: app.aScheduler() }
}

/** A web server with schedules over jobs that do nothing but say so. With `working: false` nobody runs what is submitted. */
export async function aScheduling({ working = true } = {}): Promise<Scheduling> {
  const done: string[] = []
  const closers: (() => Promise<void>)[] = []
  let made: { jobs: Jobs; schedules: Schedules; anApp: Scheduling['anApp'] } | undefined
  const server = await aServer({
    // Time is moved by days here.
    env: { LAPUTA_AUTH__TOKEN_LIFETIME: '30 days' },
    routes({ store, bus, clock, log, audit }) {
      const settings = { lease, keep: 30 * 86_400_000, idempotency: 86_400_000 }
      const definitions = [aJob('refresh', done), aJob('publish', done)]
      const jobs = createJobs({ store, bus, clock, log, definitions, settings, owner: newSecret(8) })
      const catalog = createCatalog({ store, clock })
      const appMadeAt = async (app: string) => (await catalog.app(app)).createdAt
      const schedules = createSchedules({ schedules: createScheduleStore(store), jobs, clock, appMadeAt })
      const anApp = async (id: string) => {
        await catalog.createApp({ id, name: id, by: 'root' })
      }
      made = { jobs, schedules, anApp }
      return schedulesRoutes({ schedules, jobs, audit })
    },
  })
  if (!made) throw new Error('the server asked for no routes')
  const { jobs } = made
  const { store, bus, clock, log } = server
  const workers = working ? await jobs.work({ heavy: 2, fast: 2 }) : undefined
  const { token: admin } = await anAdmin(server)

  const operationsOf = (id: string) => jobs.list({ label: { name: 'schedule', value: id }, limit: 1000 })
  return {
    ...server,
    ...made,
    admin,
    done,
    aScheduler(other = {}) {
      const scheduler = createScheduler({ store, jobs, bus, clock, log, leaseMs: lease, ...other })
      closers.push(() => scheduler.close())
      return scheduler
    },
    async aBus() {
      const other = await openBus({ kind: 'memory', cacheBytes: 1_000_000 }, { clock, log })
      closers.push(() => other.close())
      return other
    },
    async aSchedule(app, fields = {}) {
      const body = { name: newSecret(6), cron: '0 * * * *', actions: [{ kind: 'refresh' }], ...fields }
      const answer = await call(server, `POST /${app}/schedules`, { token: admin, body })
      if (answer.status !== 201) throw new Error(`making a schedule answered ${answer.status}: ${answer.text}`)
      return answer.body.id
    },
    read: (app, id) => call(server, `GET /${app}/schedules/${id}`, { token: admin }),
    operationsOf,
    async runsOf(id) {
      const firsts = (await operationsOf(id)).filter(({ after }) => after === null)
      return firsts.map(({ labels }) => (labels.run ?? '').slice(id.length + 1, -8)).sort()
    },
    async audited() {
      const kept = await createAuditStore(server.store).following(0, 1000)
      return kept.map(({ action, target }) => `${action} ${target}`)
    },
    async settle() {
      const patience = AbortSignal.timeout(10_000)
      const open = await jobs.list({ states: ['queued', 'running'], limit: 1000 })
      for (const { id } of open) await jobs.ended(id, 10_000, patience)
    },
    async close() {
      for (const close of closers) await close()
      await workers?.drain(1000)
      await server.close()
    },
  }
}

/** Lets time pass in steps of ten minutes, with a look of a scheduler after each, and everything that it begins done. */
export async function passTime(
  { clock, settle }: Pick<Scheduling, 'clock' | 'settle'>,
  scheduler: Scheduler,
  { ms, step = 600_000 }: { readonly ms: number; readonly step?: number },
): Promise<void> {
  for (let rest = ms; rest > 0; rest -= step) {
    clock.advance(Math.min(step, rest))
    await scheduler.turn()
    await settle()
  }
}

function aJob(name: string, done: string[]) {
  return defineJob({
    name,
    version: 1,
    queue: 'fast',
    args: z.object({ app: z.string() }),
    retries: 0,
    run: async (_ctx, { app }) => {
      done.push(`${name} ${app}`)
      return null
    },
  })
}
