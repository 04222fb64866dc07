import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../base/index.ts'
import type { Stored } from '../store/index.ts'
import type { Account } from './account.ts'
import { usernameKey } from './username.ts'

const rememberMs = 60_000
const mostRemembered = 1000

interface Verified {
  readonly version: number
  readonly epoch: string
  readonly until: number
}

interface Sources {
  /** The slow check of the password. */
  verify(): Promise<Stored<Account>>
  /** The record as it is now. */
  current(): Promise<Stored<Account> | null>
}

/**
 * Remembers for a minute that a password was right, so that a machine that sends it with each request does not cost an Argon2 run
 * each time. Any change to the user's record ends it. Passwords are not kept: only a keyed hash, with a key that dies with the process.
 */
export interface BasicMemory {
  through(login: { readonly username: string; readonly password: string }, sources: Sources): Promise<Stored<Account>>
}

export function createBasicMemory(clock: Clock): BasicMemory {
  const key = randomBytes(32)
  const known = new LRUCache<string, Verified>({ max: mostRemembered })
  const running = new Map<string, Promise<Stored<Account>>>()

  async function check(id: string, verify: Sources['verify']): Promise<Stored<Account>> {
    const found = await verify()
    known.set(id, { version: found.version, epoch: found.doc.epoch, until: clock.now() + rememberMs })
    return found
  }

  /** Requests that come in together with the same password share one check. */
  function checkOnce(id: string, verify: Sources['verify']): Promise<Stored<Account>> {
    const already = running.get(id)
    if (already) return already
    const checking = check(id, verify).finally(() => running.delete(id))
    running.set(id, checking)
    return checking
  }

  return {
    async through({ username, password }, { verify, current }) {
      const id = createHmac('sha256', key)
        .update(`${usernameKey(username)}\0${password}`)
        .digest('base64')
      const entry = known.get(id)
      if (entry && entry.until > clock.now()) {
        const found = await current()
        // A user who was removed and made anew starts again at version 1, but with another epoch.
        if (found?.version === entry.version && found.doc.epoch === entry.epoch) return found
      }
      known.delete(id)
      return checkOnce(id, verify)
    },
  }
}
