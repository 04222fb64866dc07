import type { Presence } from '../../auth/index.ts'
import { Problem } from '../../base/index.ts'
import { instanceRoute, type Route } from '../../http/index.ts'
import { issuedTicket } from './live.schema.ts'
import type { Tickets } from './tickets.ts'

export function ticketRoute({ tickets, presence }: { tickets: Tickets; presence: Pick<Presence, 'check'> }): Route {
  return instanceRoute({
    method: 'POST',
    url: '/live/ticket',
    action: 'live.connect',
    summary: 'A ticket that opens one websocket at `/live` within seconds',
    response: issuedTicket,
    async handle({ principal: { username }, session }) {
      const who = { username, session, epoch: null }
      const [present] = await presence.check([who])
      if (!present) throw new Problem('unauthenticated', 'The session has ended; sign in again.')
      const { ticket, expiresAt } = await tickets.issue({ ...who, epoch: present.epoch })
      return { body: { ticket, expires_at: new Date(expiresAt).toISOString() } }
    },
  })
}
