import type { Principal } from '../../access/index.ts'
import type { Connected } from '../../auth/index.ts'
import type { Message, Outlet } from '../../http/index.ts'
import type { AppEvent } from './rights.ts'
import type { Wishes } from './wishes.ts'

/** Somebody who is connected, with all connections of one sign-in. */
export interface Member {
  readonly who: Connected
  principal: Principal
  /** Until when time alone ends nothing, in milliseconds since 1970. */
  until: number
  readonly clients: Set<Client>
}

/** What a client has missed and is still to be told: everything that has changed since. */
export interface Debt {
  /** Milliseconds since 1970. */
  since: number
  /** What the client is told first: its events have a gap. Null when it asked itself. */
  reason: 'interrupted' | 'overflow' | 'too_old' | null
  /** The last operation that it was told of; null before it was told anything. */
  after: string | null
  /** Something else was missed while this is being told. */
  again: number | null
}

/** One connection. There are thousands: nothing large belongs here. */
export interface Client {
  readonly outlet: Outlet
  member: Member
  wishes: Wishes
  debt: Debt | null
  /** It is closed after the event for which this is true. */
  readonly endsWith?: (event: AppEvent) => boolean
}

export function owe(client: Client, since: number, reason: Debt['reason']): void {
  const { debt } = client
  if (debt === null) client.debt = { since, reason, after: null, again: null }
  else if (debt.after !== null) debt.again = Math.min(debt.again ?? since, since)
  else client.debt = { ...debt, since: Math.min(debt.since, since), reason: debt.reason ?? reason }
}

/** Sends an event to a client, and ends the connection that was for what has ended with it. */
export function tellOne(client: Client, event: AppEvent, message: Message): void {
  client.outlet.send(message)
  if (client.endsWith?.(event)) client.outlet.close(1000, 'The operation has ended.')
}
