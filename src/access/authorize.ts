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

type Target = { readonly app: string; readonly stage?: Stage | undefined }

/** Whether `authorize` lets it pass. */
export function allows(principal: Principal, action: Action, target?: Target): boolean {
  const needed: 'signed-in' | 'admin' | Privilege = actions[action]
  if (needed === 'signed-in') return true
  if (needed === 'admin') return isAdmin(principal)
  const held = target ? privilegeOn(principal, target.app) : null
  return held !== null && privileges.indexOf(held) >= privileges.indexOf(wantedAt(needed, target?.stage))
}

const wantedAt = (needed: Privilege, stage: Stage | undefined): Privilege =>
  stage === 'staging' && needed === 'view' ? 'validate' : needed

/**
 * Refuses what the principal may not do. On an app without any privilege the refusal is the same `not_found` as for an app that
 * does not exist. Staging needs `validate` at least.
 */
export function authorize(principal: Principal, action: Action, target?: Target): void {
  if (allows(principal, action, target)) return
  const needed: 'signed-in' | 'admin' | Privilege = actions[action]
  if (target && privilegeOn(principal, target.app) === null) throw noSuchApp(target.app)
  if (needed === 'admin' || needed === 'signed-in') {
    throw new Problem('forbidden', `This needs the role ADMIN (${action}).`)
  }
  if (!target) throw new Problem('internal', `The action ${action} is about an app, and no app was named.`)
  const wanted = wantedAt(needed, target.stage)
  throw new Problem('forbidden', `This needs the privilege "${wanted}" on the app "${target.app}" (${action}).`)
}
