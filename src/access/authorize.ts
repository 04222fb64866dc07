import { Problem } from '../base/index.ts'
import { type Action, actions } from './actions.ts'
import { type Principal, type Privilege, privileges, type Stage } from './principal.ts'

export function isAdmin(principal: Principal): boolean {
  return principal.roles.includes('ADMIN') || principal.roles.includes('SUPER_ADMIN')
}

/** The highest privilege on an app, or null. Administrators contribute everywhere. */
export function privilegeOn(principal: Principal, app: string): Privilege | null {
  if (isAdmin(principal)) return 'contribute'
  const held = Object.hasOwn(principal.privileges, app) ? (principal.privileges[app] ?? []) : []
  return [...privileges].reverse().find((privilege) => held.includes(privilege)) ?? null
}

/** The one answer for an app that does not exist and for one that the caller may not know of. */
export function noSuchApp(app: string): Problem {
  return new Problem('not_found', `There is no app "${app}" for you.`)
}

/**
 * Refuses what the principal may not do. On an app without any privilege the refusal is the same `not_found` as for an app that
 * does not exist. Staging needs `validate` at least.
 */
export function authorize(principal: Principal, action: Action, target?: { app: string; stage?: Stage }): void {
  const needed: 'signed-in' | 'admin' | Privilege = actions[action]
  if (needed === 'signed-in') return
  if (needed === 'admin') {
    if (isAdmin(principal)) return
    if (target && privilegeOn(principal, target.app) === null) throw noSuchApp(target.app)
    throw new Problem('forbidden', `This needs the role ADMIN (${action}).`)
  }
  if (!target) throw new Problem('internal', `The action ${action} is about an app, and no app was named.`)
  const held = privilegeOn(principal, target.app)
  if (held === null) throw noSuchApp(target.app)
  const wanted = target.stage === 'staging' && needed === 'view' ? 'validate' : needed
  if (privileges.indexOf(held) < privileges.indexOf(wanted)) {
    throw new Problem('forbidden', `This needs the privilege "${wanted}" on the app "${target.app}" (${action}).`)
  }
}
