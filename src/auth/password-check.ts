import { type Clock, Problem } from '../base/index.ts'
import type { Stored } from '../store/index.ts'
import { type Account, type FindUser, isActive } from './account.ts'
import { createGate } from './gate.ts'
import type { Passwords } from './passwords.ts'
import type { Throttle } from './throttle.ts'

export interface PasswordLogin {
  readonly username: string
  readonly password: string
  /** Of the client, for the throttle. */
  readonly address: string
}

/** Errors: `login_failed` (whatever the reason), `throttled`, `overloaded`. */
export type PasswordCheck = (login: PasswordLogin) => Promise<Stored<Account>>

export interface PasswordCheckDeps {
  readonly throttle: Throttle
  readonly passwords: Passwords
  readonly findUser: FindUser
  readonly clock: Clock
}

/** Argon2 takes a thread of the pool that files and databases use too: two at once leave them room. */
const verifications = { running: 2, waiting: 200 }

/** The slow check of a password. It takes the same way, and so the same time, for people who exist and for those who do not. */
export function createPasswordCheck({ throttle, passwords, findUser, clock }: PasswordCheckDeps): PasswordCheck {
  const gate = createGate(verifications)

  async function check(login: PasswordLogin): Promise<Stored<Account>> {
    // Again, because others may have failed while this one waited.
    await throttle.check(login)
    const found = await findUser(login.username)
    const matches = await passwords.verify(found?.doc.passwordHash ?? null, login.password)
    if (found && matches && isActive(found.doc, clock.now())) {
      await throttle.succeeded(login)
      return found
    }
    await throttle.failed(login)
    throw loginFailed()
  }

  return async (login) => {
    await throttle.check(login)
    return gate.pass(() => check(login))
  }
}

export function loginFailed(): Problem {
  return new Problem('login_failed', 'The username or the password is wrong.')
}
