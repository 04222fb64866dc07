import type { Privilege } from './principal.ts'

/**
 * Everything that a route can ask leave for. `signed-in`: anybody with a session. `admin`: the roles ADMIN and SUPER_ADMIN.
 * A privilege: on the app of the request; administrators have all of them on every app. Rules that need more than the principal
 * (one's own user record, say) are in `rules/`.
 */
export const actions = {
  'session.read': 'signed-in',
  'session.end': 'signed-in',
  'users.read': 'admin',
  'users.write': 'admin',
  'groups.read': 'admin',
  'groups.write': 'admin',
  'audit.read': 'admin',
  'apps.list': 'signed-in',
  'apps.create': 'admin',
  'apps.read': 'view',
  'apps.remove': 'admin',
  'steps.read': 'signed-in',
  'data.read': 'view',
  'queries.preview': 'contribute',
  'queries.write': 'contribute',
  'connectors.read': 'signed-in',
  'connections.read': 'contribute',
  'connections.write': 'contribute',
  'connections.test': 'contribute',
  'domains.read': 'contribute',
  'domains.write': 'contribute',
  'permissions.read': 'contribute',
  'permissions.write': 'contribute',
  'permissions.simulate': 'contribute',
  'releases.publish': 'contribute',
  'operations.read': 'contribute',
  'operations.write': 'contribute',
  'instance-operations.read': 'admin',
  'instance-operations.write': 'admin',
  'schedules.read': 'contribute',
  'schedules.write': 'contribute',
  'live.connect': 'signed-in',
} as const satisfies Record<string, 'signed-in' | 'admin' | Privilege>

export type Action = keyof typeof actions
