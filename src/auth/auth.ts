import type { Principal } from '../access/index.ts'
import { type Clock, type Log, Problem } from '../base/index.ts'
import type { Bus } from '../bus/index.ts'
import type { Config } from '../config/index.ts'
import { createReadMemory, type Store } from '../store/index.ts'
import { activeUntil, type FindUser, isActive, principalOf } from './account.ts'
import { createBasicMemory } from './basic-memory.ts'
import { createPasswordCheck, loginFailed, type PasswordLogin } from './password-check.ts'
import { createPasswords, type Passwords } from './passwords.ts'
import { loadSessionKey } from './session-key.ts'
import { createSessions } from './sessions.ts'
import { createThrottle } from './throttle.ts'
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
  /** As a collection's `changes`, for what `findUser` reads. Without it every request reads its user. */
  readonly userChanges?: () => number | undefined
}

/** What a request brings to say who it is. */
export type Credentials =
  | ({ readonly kind: 'password' } & PasswordLogin)
  | { readonly kind: 'token'; readonly token: string }

export interface Authenticated {
  readonly principal: Principal
  /** The session that signing out ends; null for a request with a password. */
  readonly session: string | null
}

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
  readonly passwords: Passwords
}

export async function createAuth({
  store,
  bus,
  clock,
  log,
  settings,
  home,
  findUser,
  ...deps
}: AuthDeps): Promise<Auth> {
  const { userChanges = () => undefined } = deps
  const key = await loadSessionKey({ home, configured: settings.token_key })
  const passwords = await createPasswords(settings.password)
  const throttle = createThrottle({ bus, clock, settings: settings.throttle })
  const verify = createPasswordCheck({ throttle, passwords, findUser, clock })
  const tokens = createTokens({ key, clock })
  const sessions = createSessions(store)
  const memory = createBasicMemory(clock)
  const recent = createReadMemory<Recent>(() => sum(sessions.changes(), userChanges()), mostRecent)

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

  async function readByToken(token: string): Promise<Recent> {
    const claims = tokens.read(token)
    if (!claims) throw ended()
    const [session, found] = await Promise.all([sessions.get(claims.session), findUser(claims.username)])
    const now = clock.now()
    if (!session || !found || session.expiresAt <= now || !isActive(found.doc, now)) throw ended()
    if (session.epoch !== found.doc.epoch) throw ended()
    return {
      caller: { principal: principalOf(found.doc), session: session.id },
      until: Math.min(claims.expiresAt, session.expiresAt, activeUntil(found.doc)),
    }
  }

  function recallToken(token: string): Authenticated | undefined {
    const found = recent.get(token)
    return found !== undefined && clock.now() < found.until ? found.caller : undefined
  }

  async function byToken(token: string): Promise<Authenticated> {
    return recallToken(token) ?? (await recent.through(token, () => readByToken(token))).caller
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
      credentials.kind === 'token' ? byToken(credentials.token) : byPassword(credentials),
    recall: (credentials) => (credentials.kind === 'token' ? recallToken(credentials.token) : undefined),
    passwords,
  }
}

/** Tokens that are remembered. They are a few hundred characters each. */
const mostRecent = 5000

/** Who a token belongs to, and until when time alone changes nothing about that (milliseconds since 1970). */
interface Recent {
  readonly caller: Authenticated
  readonly until: number
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

const ended = () => new Problem('unauthenticated', 'The session has ended or the token is not valid; sign in again.')
