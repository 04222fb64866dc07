import { type Clock, Problem } from '../base/index.ts'
import { createReadMemory } from '../store/index.ts'
import { type Authenticated, activeUntil, type FindUser, isActive, principalOf } from './account.ts'
import type { Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'

/** Who tokens belong to, as it is now. */
export interface TokenCallers {
  /** Errors: `unauthenticated`. */
  find(token: string): Promise<Authenticated>
  /** The same at once, for a token that was found before and of which nothing has changed since. */
  recall(token: string): Authenticated | undefined
}

export interface TokenCallersDeps {
  readonly tokens: Tokens
  readonly sessions: Sessions
  readonly findUser: FindUser
  readonly userChanges: () => number | undefined
  readonly clock: Clock
}

/** Tokens that are remembered. They are a few hundred characters each. */
const mostRecent = 5000

/** Somebody, and until when time alone changes nothing about that (milliseconds since 1970). */
interface Recent {
  readonly caller: Authenticated
  readonly until: number
}

export function createTokenCallers(deps: TokenCallersDeps): TokenCallers {
  const { tokens, sessions, findUser, userChanges, clock } = deps
  const recent = createReadMemory<Recent>(() => sum(sessions.changes(), userChanges()), mostRecent)

  async function read(token: string): Promise<Recent> {
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

  function recall(token: string): Authenticated | undefined {
    const found = recent.get(token)
    return found !== undefined && clock.now() < found.until ? found.caller : undefined
  }

  return {
    recall,
    find: async (token) => recall(token) ?? (await recent.through(token, () => read(token))).caller,
  }
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

const ended = () => new Problem('unauthenticated', 'The session has ended or the token is not valid; sign in again.')
