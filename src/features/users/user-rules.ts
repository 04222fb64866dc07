import { isAdmin, type Principal } from '../../access/index.ts'
import { isActive, usernameKey } from '../../auth/index.ts'
import { Problem } from '../../base/index.ts'
import type { User } from './users.store.ts'

/** Who changes a user; null for the program itself (first start, command line). */
export type Actor = Principal | null

/** A user before and after a change; null where there is none. */
export interface Transition {
  readonly before: User | null
  readonly after: User | null
}

const isSuper = (user: Pick<User, 'roles'> | null) => user?.roles.includes('SUPER_ADMIN') === true

/** Errors: `forbidden` for what an administrator may not do to this user. */
export function checkActor(actor: Actor, { before, after }: Transition): void {
  if (actor === null) return
  if ((isSuper(before) || isSuper(after)) && !isSuper(actor)) {
    throw new Problem('forbidden', 'Only a SUPER_ADMIN may change or make a SUPER_ADMIN.')
  }
  if (before === null || usernameKey(actor.username) !== before.id) return
  if (after === null) throw new Problem('forbidden', 'Nobody may remove the account they are signed in with.')
  const lessRoles = before.roles.some((role) => role !== 'USER' && !after.roles.includes(role))
  if (lessRoles || after.disabled || after.expirationDate !== before.expirationDate) {
    throw new Problem('forbidden', 'Nobody may demote, disable or expire the account they are signed in with.')
  }
}

/** Whether a change may leave fewer administrators than there were. */
export function endsAdministrator({ before, after }: Transition, now: number): boolean {
  const works = (user: User | null) => user !== null && isAdmin(user) && isActive(user, now)
  return works(before) && (!works(after) || after?.expirationDate !== before?.expirationDate)
}

/** Errors: `forbidden` when nobody but this user could administrate. */
export function checkOthersRemain(
  id: string,
  { administrators, now }: { administrators: readonly User[]; now: number },
): void {
  const others = administrators.filter((user) => user.id !== id && isActive(user, now))
  if (others.length === 0) throw new Problem('forbidden', 'This is the last administrator; make another one first.')
}

/** Errors: `invalid_request` when a user would administrate with a password that an administrator may not have. */
export function checkPromotion(user: User): void {
  if (!isAdmin(user) || user.passwordHash === null || user.strongPassword) return
  const message = 'The password of this user is too easy for an administrator; send a new one together with the roles.'
  throw new Problem('invalid_request', message, { errors: [{ path: '/roles', message }] })
}
