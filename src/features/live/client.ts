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
  /** What `Presence.changes` told before all that was read. */
  readonly changes: number | undefined
  readonly clients: Set<Client>
}

export interface Missed {
  /** Milliseconds since 1970. */
  since: number
  /** What the client is told first: its events have a gap. Null when it asked itself. */
  reason: 'interrupted' | 'overflow' | 'too_old' | null
}

/** What a client has missed and is still to be told: everything that has changed since. */
export interface Debt extends Missed {
  /** The last operation that it was told of; null before it was told anything. */
  after: string | null
  /** The records are being read for it: what is missed from now on may not be in what was read. */
  reading: boolean
  /** What else was missed while this is being told. */
  again: Missed | null
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
  if (debt === null) client.debt = newDebt({ since, reason })
  else if (debt.reading || debt.after !== null) debt.again = both(debt.again ?? { since, reason }, { since, reason })
  else Object.assign(debt, both(debt, { since, reason }))
}

export function newDebt({ since, reason }: Missed): Debt {
  return { since, reason, after: null, reading: false, again: null }
}

function both(first: Missed, second: Missed): Missed {
  return { since: Math.min(first.since, second.since), reason: first.reason ?? second.reason }
}

/** Sends an event to a client, and ends the connection that was for what has ended with it. */
export function tellOne(client: Client, event: AppEvent, message: Message): void {
  client.outlet.send(message)
  if (client.endsWith?.(event)) client.outlet.close(1000, 'The operation has ended.')
}
