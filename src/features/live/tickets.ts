import { z } from 'zod'
import type { Connected } from '../../auth/index.ts'
import { type Clock, newSecret, sha256 } from '../../base/index.ts'
import type { Bus } from '../../bus/index.ts'

/** What lets somebody who signed in open one websocket within a short time, at any process. */
export interface Tickets {
  issue(who: Connected): Promise<{ readonly ticket: string; readonly expiresAt: number }>
  /** Null for one that is unknown, over, or was redeemed before. */
  redeem(ticket: string): Promise<Connected | null>
}

export interface TicketsDeps {
  readonly bus: Bus
  readonly clock: Clock
  readonly lifetimeMs: number
}

const kept = z.strictObject({
  username: z.string(),
  session: z.string().nullable(),
  epoch: z.string().nullable(),
  expiresAt: z.number(),
})

const bytes = 24

export function createTickets({ bus, clock, lifetimeMs }: TicketsDeps): Tickets {
  return {
    async issue(who) {
      const ticket = newSecret(bytes)
      const expiresAt = clock.now() + lifetimeMs
      await bus.cache.set(keyOf(ticket), Buffer.from(JSON.stringify({ ...who, expiresAt })), lifetimeMs)
      return { ticket, expiresAt }
    },
    async redeem(ticket) {
      if (!/^[\w-]{32}$/.test(ticket)) return null
      const key = keyOf(ticket)
      const found = parse(await bus.cache.get(key))
      if (!found || found.expiresAt <= clock.now()) return null
      // Removing cannot tell two at once apart, counting can. The count outlives the ticket.
      if ((await bus.increment(`${key}:used`, 2 * lifetimeMs)) !== 1) return null
      await bus.cache.remove(key)
      const { expiresAt: _, ...who } = found
      return who
    },
  }
}

/** Whoever reads the cache finds no tickets in it. */
const keyOf = (ticket: string) => `live:ticket:${sha256(ticket)}`

function parse(found: Buffer | null): z.output<typeof kept> | null {
  if (found === null) return null
  try {
    return kept.parse(JSON.parse(found.toString()))
  } catch {
    return null
  }
}
