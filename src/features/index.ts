import { privilegeOn } from '../access/index.ts'
import { type Auth, principalOf } from '../auth/index.ts'
import type { Clock } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Data } from '../data/index.ts'
import type { Route } from '../http/index.ts'
import type { Rows } from '../rows/index.ts'
import type { Store } from '../store/index.ts'
import { appsRoutes } from './apps/apps.routes.ts'
import { auditRoutes } from './audit/audit.routes.ts'
import { type Auditing, createAuditing, verifyAuditLog } from './audit/auditing.ts'
import { connectionsRoutes } from './connections/connections.routes.ts'
import { type OpenedConnections, openConnections } from './connections/open-connections.ts'
import { domainsRoutes } from './domains/domains.routes.ts'
import { createUploads, type Uploads } from './domains/uploads.ts'
import { groupsRoutes } from './groups/groups.routes.ts'
import { createGroups } from './groups/groups.service.ts'
import { createGroupStore } from './groups/groups.store.ts'
import { type HealthCheck, healthRoutes } from './health/health.routes.ts'
import { permissionsRoutes } from './permissions/permissions.routes.ts'
import type { SimulateDeps } from './permissions/simulate.routes.ts'
import { answerQuery } from './queries/answer-query.ts'
import { queriesRoutes } from './queries/queries.routes.ts'
import { releasesRoutes } from './releases/releases.routes.ts'
import { sessionRoutes } from './session/session.routes.ts'
import { createLoginStore } from './users/logins.store.ts'
import { usersRoutes } from './users/users.routes.ts'
import { createUsers, type Users } from './users/users.service.ts'
import { createUserStore, type UserStore } from './users/users.store.ts'

export { createAuditing, createUserStore, openConnections, type UserStore, type Users, verifyAuditLog }

/** Everything that features are made of. Each takes what it uses. */
export interface FeatureDeps {
  readonly auditing: Auditing
  readonly auth: Auth
  readonly bus: Bus
  readonly catalog: Catalog
  readonly clock: Clock
  readonly connections: OpenedConnections
  readonly data: Data
  readonly rows: Rows
  readonly store: Store
  readonly userStore: UserStore
  readonly checks: readonly HealthCheck[]
  readonly whenUnset: 'allow' | 'deny'
  readonly uploads: { readonly folder: string; readonly limitBytes: number }
}

export interface Features {
  readonly routes: readonly Route[]
  readonly users: Users
  readonly uploads: Uploads
}

/** The table of contents of the product. What one feature needs of another is handed over here, as a function. */
export function createFeatures(deps: FeatureDeps): Features {
  const { auth, auditing, clock, connections, store, userStore } = deps
  const { audit, noteRefusal } = auditing
  const groupStore = createGroupStore(store)
  const groupNames = async () => (await groupStore.list()).map(({ name }) => name)
  const logins = createLoginStore(store)
  const users = createUsers({ users: userStore, logins, passwords: auth.passwords, bus: deps.bus, clock, groupNames })
  const { membersOf, removeGroup: removeFromUsers, revokeApp } = userStore
  const groups = createGroups({ groups: groupStore, membersOf, removeFromUsers, clock })
  const removeConnections = async (app: string) => {
    for (const id of await connections.connections.removeAll(app)) connections.pool.retire(id)
  }
  const connectorOf = async (app: string, id: string) => (await connections.connections.resolve(app, id)).connector
  const uploads = createUploads({ ...deps, ...deps.uploads })
  return {
    users,
    uploads,
    routes: [
      ...healthRoutes(deps),
      ...sessionRoutes({ auth, audit, noteRefusal, recordLogin: users.recordLogin }),
      ...usersRoutes({ users, audit }),
      ...groupsRoutes({ groups, audit }),
      ...appsRoutes({ ...deps, audit, revokeApp, removeConnections }),
      ...connectionsRoutes({ ...connections, audit }),
      ...domainsRoutes({ ...deps, uploads, connectorOf }),
      ...queriesRoutes(deps),
      ...permissionsRoutes({ ...deps, audit, ...simulating(deps) }),
      ...releasesRoutes({ ...deps, audit }),
      ...auditRoutes(auditing),
    ],
  }
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
