import type { Auth } from '../auth/index.ts'
import type { Clock } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Catalog } from '../catalog/index.ts'
import type { Data } from '../data/index.ts'
import type { Route } from '../http/index.ts'
import type { Rows } from '../rows/index.ts'
import type { Store } from '../store/index.ts'
import { appsRoutes } from './apps/apps.routes.ts'
import { domainsRoutes } from './domains/domains.routes.ts'
import { createUploads, type Uploads } from './domains/uploads.ts'
import { groupsRoutes } from './groups/groups.routes.ts'
import { createGroups } from './groups/groups.service.ts'
import { createGroupStore } from './groups/groups.store.ts'
import { type HealthCheck, healthRoutes } from './health/health.routes.ts'
import { permissionsRoutes } from './permissions/permissions.routes.ts'
import { queriesRoutes } from './queries/queries.routes.ts'
import { releasesRoutes } from './releases/releases.routes.ts'
import { sessionRoutes } from './session/session.routes.ts'
import { createLoginStore } from './users/logins.store.ts'
import { usersRoutes } from './users/users.routes.ts'
import { createUsers, type Users } from './users/users.service.ts'
import { createUserStore, type UserStore } from './users/users.store.ts'

export { createUserStore, type UserStore, type Users }

/** Everything that features are made of. Each takes what it uses. */
export interface FeatureDeps {
  readonly auth: Auth
  readonly bus: Bus
  readonly catalog: Catalog
  readonly clock: Clock
  readonly data: Data
  readonly rows: Rows
  readonly store: Store
  readonly userStore: UserStore
  readonly checks: readonly HealthCheck[]
  readonly uploads: { readonly folder: string; readonly limitBytes: number }
}

export interface Features {
  readonly routes: readonly Route[]
  readonly users: Users
  readonly uploads: Uploads
}

/** The table of contents of the product. What one feature needs of another is handed over here, as a function. */
export function createFeatures(deps: FeatureDeps): Features {
  const { auth, clock, store, userStore } = deps
  const groupStore = createGroupStore(store)
  const groupNames = async () => (await groupStore.list()).map(({ name }) => name)
  const logins = createLoginStore(store)
  const users = createUsers({ users: userStore, logins, passwords: auth.passwords, bus: deps.bus, clock, groupNames })
  const { membersOf, removeGroup: removeFromUsers, revokeApp } = userStore
  const groups = createGroups({ groups: groupStore, membersOf, removeFromUsers, clock })
  const uploads = createUploads({ ...deps, ...deps.uploads })
  return {
    users,
    uploads,
    routes: [
      ...healthRoutes(deps),
      ...sessionRoutes({ auth, recordLogin: users.recordLogin }),
      ...usersRoutes({ users }),
      ...groupsRoutes({ groups }),
      ...appsRoutes({ ...deps, revokeApp }),
      ...domainsRoutes({ ...deps, uploads }),
      ...queriesRoutes(deps),
      ...permissionsRoutes(deps),
      ...releasesRoutes(deps),
    ],
  }
}
