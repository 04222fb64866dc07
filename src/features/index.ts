import { privilegeOn } from '../access/index.ts'
import { type Auth, principalOf } from '../auth/index.ts'
import { type Clock, type Log, newSecret } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Config } from '../config/index.ts'
import type { Data } from '../data/index.ts'
import type { Route } from '../http/index.ts'
import { createEvents, createJobs, type Events, type HeavyWork, type JobDefinition, type Jobs } from '../jobs/index.ts'
import type { Rows } from '../rows/index.ts'
import type { Store } from '../store/index.ts'
import { appsRoutes } from './apps/apps.routes.ts'
import { auditRoutes } from './audit/audit.routes.ts'
import { type Auditing, createAuditing, verifyAuditLog } from './audit/auditing.ts'
import { connectionsRoutes } from './connections/connections.routes.ts'
import { type OpenedConnections, openConnections } from './connections/open-connections.ts'
import { createChunkedUploads } from './domains/chunked-uploads.ts'
import { type ChunkStore, createChunkStore } from './domains/chunks.store.ts'
import { domainsRoutes } from './domains/domains.routes.ts'
import { importJob, type Refreshed } from './domains/import.job.ts'
import { createReadSource } from './domains/read-source.ts'
import { refreshJob } from './domains/refresh.job.ts'
import { createUploads, type Uploads } from './domains/uploads.ts'
import { createWorks } from './domains/works.ts'
import { groupsRoutes } from './groups/groups.routes.ts'
import { createGroups } from './groups/groups.service.ts'
import { createGroupStore } from './groups/groups.store.ts'
import { type HealthCheck, healthRoutes, type MetricsPage } from './health/health.routes.ts'
import { createLive, type Live } from './live/live.ts'
import { announceJob } from './operations/announce.job.ts'
import { cancelUnfinished, oldestUnfinished } from './operations/list-operations.ts'
import { namedOperationsRoute } from './operations/named-operations.routes.ts'
import { operationsRoutes } from './operations/operations.routes.ts'
import { permissionsRoutes } from './permissions/permissions.routes.ts'
import type { SimulateDeps } from './permissions/simulate.routes.ts'
import { answerQuery } from './queries/answer-query.ts'
import { queriesRoutes } from './queries/queries.routes.ts'
import { publishJob } from './releases/publish.job.ts'
import { releasesRoutes } from './releases/releases.routes.ts'
import { startSweep, sweepJob } from './releases/sweep.job.ts'
import { createScheduler, type Scheduler } from './schedules/scheduler.ts'
import { schedulesRoutes } from './schedules/schedules.routes.ts'
import { createSchedules } from './schedules/schedules.service.ts'
import { createScheduleStore } from './schedules/schedules.store.ts'
import { sessionRoutes } from './session/session.routes.ts'
import { createLoginStore } from './users/logins.store.ts'
import { usersRoutes } from './users/users.routes.ts'
import { createUsers, type Users } from './users/users.service.ts'
import { createUserStore, type UserStore } from './users/users.store.ts'

export {
  createAuditing,
  createScheduler,
  createUserStore,
  createWorks,
  type Live,
  type MetricsPage,
  openConnections,
  type Scheduler,
  type UserStore,
  type Users,
  verifyAuditLog,
}

/** Everything that features are made of. Each takes what it uses. */
export interface FeatureDeps {
  readonly auditing: Auditing
  readonly auth: Auth
  readonly bus: Bus
  readonly catalog: Catalog
  readonly clock: Clock
  readonly connections: OpenedConnections
  readonly data: Data
  /** Sees each job before it is run here: for counting. */
  readonly watchJob?: ((definition: JobDefinition) => JobDefinition) | undefined
  /** Where the heavy parts of jobs run. */
  readonly heavy: HeavyWork
  readonly log: Log
  readonly rows: Rows
  readonly store: Store
  readonly userStore: UserStore
  readonly checks: readonly HealthCheck[]
  /** Without it there is no `/metrics`. */
  readonly metricsPage?: (() => Promise<MetricsPage>) | undefined
  readonly whenUnset: 'allow' | 'deny'
  readonly uploads: { readonly folder: string; readonly limitBytes: number }
  readonly settings: Pick<Config, 'connections' | 'jobs' | 'live'>
}

export interface Features {
  readonly routes: readonly Route[]
  readonly users: Users
  readonly uploads: Uploads
  readonly jobs: Jobs
  readonly events: Events
  readonly live: Live
  /** Sees to it that what no release names goes, in the background. However many processes call it at about the same time, it is done once. */
  readonly sweep: () => Promise<void>
}

/** The table of contents of the product. What one feature needs of another is handed over here, as a function. */
export function createFeatures(deps: FeatureDeps): Features {
  const { auth, auditing, clock, connections, store, userStore, watchJob = (job) => job } = deps
  const { audit, noteRefusal } = auditing
  const groupStore = createGroupStore(store)
  const groupNames = async () => (await groupStore.list()).map(({ name }) => name)
  const logins = createLoginStore(store)
  const users = createUsers({ users: userStore, logins, passwords: auth.passwords, bus: deps.bus, clock, groupNames })
  const { membersOf, removeGroup: removeFromUsers, revokeApp } = userStore
  const groups = createGroups({ groups: groupStore, membersOf, removeFromUsers, clock })
  const connectorOf = async (app: string, id: string) => (await connections.connections.resolve(app, id)).connector
  const uploads = createUploads({ ...deps, ...deps.uploads })
  const chunks = createChunkStore(store)
  const chunkedUploads = createChunkedUploads({ ...deps, ...deps.uploads, chunks })
  const events = createEvents(deps)
  const jobs: Jobs = createJobs({
    ...deps,
    definitions: jobDefinitions(deps, { events, uploads, oldestWork: () => oldestOf(jobs, chunks) }).map(watchJob),
    settings: deps.settings.jobs,
    owner: newSecret(12),
  })
  const { max_clients: maxClients, ticket, buffer } = deps.settings.live
  const live = createLive({ ...deps, jobs, events, settings: { maxClients, ticket, buffer } })
  const revoked = (username: string) => events.publish({ type: 'session.revoked', username })
  const cancelOperations = (app: string) => cancelUnfinished(jobs, app)
  const appMadeAt = async (app: string) => (await deps.catalog.app(app)).createdAt
  const schedules = createSchedules({ schedules: createScheduleStore(store), jobs, clock, appMadeAt })
  const removeBelongings = async (app: string) => {
    await schedules.removeAll(app)
    for (const id of await connections.connections.removeAll(app)) connections.pool.retire(id)
  }
  return {
    users,
    uploads,
    jobs,
    events,
    live,
    sweep: () => startSweep(jobs, clock),
    routes: [
      ...healthRoutes(deps),
      ...sessionRoutes({ auth, audit, noteRefusal, revoked, recordLogin: users.recordLogin }),
      ...usersRoutes({ users, audit, revoked }),
      ...groupsRoutes({ groups, audit }),
      ...appsRoutes({ ...deps, audit, revokeApp, removeBelongings, cancelOperations }),
      ...connectionsRoutes({ ...connections, audit }),
      ...domainsRoutes({ ...deps, jobs, uploads, chunkedUploads, connectorOf }),
      ...queriesRoutes(deps),
      ...permissionsRoutes({ ...deps, audit, ...simulating(deps) }),
      ...releasesRoutes({ ...deps, jobs }),
      ...operationsRoutes({ ...deps, jobs, audit }),
      namedOperationsRoute({ jobs }),
      ...live.routes,
      ...schedulesRoutes({ schedules, jobs, audit }),
      ...auditRoutes(auditing),
    ],
  }
}

interface JobParts {
  readonly events: Events
  readonly uploads: Uploads
  readonly oldestWork: () => Promise<number | null>
}

/** Everything that can be done in the background. */
function jobDefinitions(deps: FeatureDeps, { events, uploads, oldestWork }: JobParts): JobDefinition[] {
  const { connections, settings, auditing } = deps
  const {
    refresh_timeout: timeoutMs,
    refresh_max_rows: maxRows,
    max_bytes: maxBytes,
    concurrency,
  } = settings.connections
  const readSource = createReadSource({
    ...deps,
    folder: deps.uploads.folder,
    isolate: settings.jobs.isolate,
    configOf: async (app, id) => (await connections.connections.resolve(app, id)).config,
    limits: { timeoutMs, maxRows, maxBytes, concurrency },
  })
  const reading = {
    ...deps,
    readSource,
    refreshed: (news: Parameters<Refreshed>[0]) =>
      events.publish({ type: 'data.refreshed', stage: 'staging', ...news }),
  }
  return [
    importJob(reading),
    refreshJob(reading),
    publishJob({
      ...{ ...deps, audit: auditing.audit },
      published: (news) => events.publish({ type: 'release.published', stage: 'production', ...news }),
    }),
    sweepJob({ ...deps, oldestWork, clean: () => uploads.clean(false) }),
    announceJob,
  ]
}

/** What is not swept yet: what may still be named by what is under way. */
async function oldestOf(jobs: Jobs, chunks: ChunkStore): Promise<number | null> {
  const times = [await oldestUnfinished(jobs), await chunks.oldest()].filter((time) => time !== null)
  return times.length === 0 ? null : Math.min(...times)
}

/** Looking as somebody else asks users who that is, and queries what they would be answered. */
function simulating(deps: FeatureDeps): Omit<SimulateDeps, 'audit'> {
  return {
    async findViewer(app, username) {
      const found = await deps.userStore.find(username)
      return found && privilegeOn(found.doc, app) !== null ? principalOf(found.doc) : null
    },
    answerAs: (ctx, viewing) => answerQuery(deps, ctx, { ...viewing, query: { explain: 'true' } }),
  }
}
