import type { Principal } from '../access/index.ts'
import type { Clock, Log } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Config } from '../config/index.ts'
import type { Store, Stored } from '../store/index.ts'
import { type Account, type Authenticated, type FindUser, isActive, principalOf } from './account.ts'
import { createBasicMemory } from './basic-memory.ts'
import { createPasswordCheck, loginFailed, type PasswordLogin } from './password-check.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import { createPresence, type Presence } from './presence.ts'
import { loadSessionKey } from './session-key.ts'
import { createSessions } from './sessions.ts'
import { createThrottle } from './throttle.ts'
import { createTokenCallers } from './token-callers.ts'
import { createTokens } from './tokens.ts'

export interface AuthDeps {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  readonly settings: Config['auth']
  /** The folder that keeps the session key. */
  readonly home: string
  readonly findUser: FindUser
  /** As `findUser` for several at once, where that is one question to the store. */
  readonly findUsers?: (usernames: readonly string[]) => Promise<readonly Stored<Account>[]>
  /** As a collection's `changes`, for what `findUser` reads. Without it every request reads its user. */
  readonly userChanges?: () => number | undefined
}

/** What a request brings to say who it is. */
export type Credentials =
  | ({ readonly kind: 'password' } & PasswordLogin)
  | { readonly kind: 'token'; readonly token: string }

export interface SignedIn {
  readonly token: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  readonly principal: Principal
}

export interface Auth {
  /** Checks a password and opens a session. Errors: `login_failed` (whatever the reason), `throttled`, `overloaded`. */
  signIn(login: PasswordLogin): Promise<SignedIn>
  /** Ends a session: its token is worth nothing from the next request on. */
  signOut(session: string): Promise<void>
  /** Who asks, from what the store says now. Errors: `unauthenticated`; for a password those of `signIn`. */
  authenticate(credentials: Credentials): Promise<Authenticated>
  /**
   * As `authenticate`, at once and without reading, for a token that it has let in before: undefined when something was written since
   * that it depends on, or when time has ended it, or when it is not known.
   */
  recall(credentials: Credentials): Authenticated | undefined
  /** For connections that outlive a request. */
  readonly presence: Presence
  readonly passwords: Passwords
}

export async function createAuth(deps: AuthDeps): Promise<Auth> {
  const { store, bus, clock, log, settings, home, findUser, userChanges = () => undefined } = deps
  const key = await loadSessionKey({ home, configured: settings.token_key })
  const passwords = await createPasswords(settings.password)
  const throttle = createThrottle({ bus, clock, settings: settings.throttle })
  const verify = createPasswordCheck({ throttle, passwords, findUser, clock })
  const tokens = createTokens({ key, clock })
  const sessions = createSessions(store)
  const memory = createBasicMemory(clock)
  const tokenCallers = createTokenCallers({ tokens, sessions, findUser, userChanges, clock })

  const findEach = async (usernames: readonly string[]) =>
    (await Promise.all(usernames.map(findUser))).filter((found) => found !== null)
  const presence = createPresence({ sessions, findUsers: deps.findUsers ?? findEach, userChanges, clock })

  async function signIn(login: PasswordLogin): Promise<SignedIn> {
    const { doc: account } = await verify(login)
    const now = clock.now()
    const expiresAt = Math.floor((now + settings.token_lifetime) / 1000) * 1000
    const { username, epoch } = account
    const session = await sessions.open({ username, epoch, createdAt: now, expiresAt })
    await sessions.sweep(now).catch((error: unknown) => log.warn({ err: error }, 'expired sessions were not removed'))
    return {
      token: tokens.issue({ username, session: session.id, issuedAt: now, expiresAt }),
      expiresAt,
      principal: principalOf(account),
    }
  }

  async function byPassword(login: PasswordLogin): Promise<Authenticated> {
    const { doc } = await memory.through(login, {
      verify: () => verify(login),
      current: () => findUser(login.username),
    })
    if (!isActive(doc, clock.now())) throw loginFailed()
    return { principal: principalOf(doc), session: null }
  }

  return {
    signIn,
    signOut: (session) => sessions.end(session),
    authenticate: (credentials) =>
      credentials.kind === 'token' ? tokenCallers.find(credentials.token) : byPassword(credentials),
    recall: (credentials) => (credentials.kind === 'token' ? tokenCallers.recall(credentials.token) : undefined),
    presence,
    passwords,
  }
}
