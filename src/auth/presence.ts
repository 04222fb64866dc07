import type { Principal } from '../access/index.ts'
import type { Clock } from '../base/index.ts'
import type { Stored } from '../store/index.ts'
import { type Account, activeUntil, isActive, principalOf } from './account.ts'
import type { Session, Sessions } from './sessions.ts'
import { usernameKey } from './username.ts'

/** Somebody who stays connected: what is remembered of how they came in. */
export interface Connected {
  readonly username: string
  /** Null for who came with a password. */
  readonly session: string | null
  /** As `Present` told it; null before the first look. */
  readonly epoch: string | null
}

/** Somebody who is still signed in. */
export interface Present {
  readonly principal: Principal
  readonly epoch: string
  /** Until when time alone changes nothing about that, in milliseconds since 1970. */
  readonly until: number
}

/** Whether people who stay connected may stay, and what they may do: for connections that outlive a request. */
export interface Presence {
  /** One answer for each, from what the store says now; null for who is no longer signed in. */
  check(who: readonly Connected[]): Promise<readonly (Present | null)[]>
  /** As a collection's: what `check` found is true while it stays the same and time has not ended it. */
  changes(): number | undefined
}

export interface PresenceDeps {
  readonly sessions: Pick<Sessions, 'getMany' | 'changes'>
  readonly findUsers: (usernames: readonly string[]) => Promise<readonly Stored<Account>[]>
  readonly userChanges: () => number | undefined
  readonly clock: Clock
}

/** Looked up in one question to the store. */
const atOnce = 500

export function createPresence({ sessions, findUsers, userChanges, clock }: PresenceDeps): Presence {
  async function checkSome(who: readonly Connected[]): Promise<(Present | null)[]> {
    const ids = who.flatMap(({ session }) => (session === null ? [] : [session]))
    const [found, accounts] = await Promise.all([
      ids.length === 0 ? [] : sessions.getMany(ids),
      findUsers([...new Set(who.map(({ username }) => username))]),
    ])
    const sessionOf = new Map(found.map((session) => [session.id, session]))
    const accountOf = new Map(accounts.map(({ doc }) => [usernameKey(doc.username), doc]))
    return who.map((one) => {
      const account = accountOf.get(usernameKey(one.username))
      return account ? present(one, { account, sessionOf, now: clock.now() }) : null
    })
  }

  return {
    async check(who) {
      const answers: (Present | null)[] = []
      for (let start = 0; start < who.length; start += atOnce) {
        answers.push(...(await checkSome(who.slice(start, start + atOnce))))
      }
      return answers
    },
    changes() {
      const [ofSessions, ofUsers] = [sessions.changes(), userChanges()]
      return ofSessions === undefined || ofUsers === undefined ? undefined : ofSessions + ofUsers
    },
  }
}

interface Found {
  readonly account: Account
  readonly sessionOf: ReadonlyMap<string, Session>
  readonly now: number
}

/** A session counts while its user has the epoch that it began in; a password, while the user has the epoch of the first look. */
function present({ session, epoch }: Connected, { account, sessionOf, now }: Found): Present | null {
  if (!isActive(account, now)) return null
  const still = { principal: principalOf(account), epoch: account.epoch }
  if (session === null) {
    return epoch === null || epoch === account.epoch ? { ...still, until: activeUntil(account) } : null
  }
  const opened = sessionOf.get(session)
  if (!opened || opened.expiresAt <= now || opened.epoch !== account.epoch) return null
  return { ...still, until: Math.min(opened.expiresAt, activeUntil(account)) }
}
