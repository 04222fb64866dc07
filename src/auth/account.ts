import type { Principal } from '../access/index.ts'
import type { Stored } from '../store/index.ts'

/** What signing in needs to know of a user. */
export interface Account extends Principal {
  /** Null for users who cannot sign in with a password. */
  readonly passwordHash: string | null
  /** Another text after each change that must end the user's sessions: a new password, removal and creation anew. */
  readonly epoch: string
  readonly disabled: boolean
  /** ISO 8601; from then on the user cannot sign in. */
  readonly expirationDate: string | null
}

export interface Authenticated {
  readonly principal: Principal
  /** The session that signing out ends; null for a request with a password. */
  readonly session: string | null
}

/** Looks a user up by a name in any spelling. Who keeps users gives it. */
export type FindUser = (username: string) => Promise<Stored<Account> | null>

export function isActive(
  { disabled, expirationDate }: Pick<Account, 'disabled' | 'expirationDate'>,
  now: number,
): boolean {
  return !disabled && (expirationDate === null || Date.parse(expirationDate) > now)
}

/** Until when `isActive` stays what it is, in milliseconds since 1970, if nobody changes the account. */
export function activeUntil({ expirationDate }: Pick<Account, 'expirationDate'>): number {
  return expirationDate === null ? Number.POSITIVE_INFINITY : Date.parse(expirationDate)
}

/** The principal of an account, without its secrets. */
export function principalOf({ username, roles, privileges, groups, attributes }: Account): Principal {
  return { username, roles, privileges, groups, attributes }
}
