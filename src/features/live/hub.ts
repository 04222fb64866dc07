import type { Connected, Presence } from '../../auth/index.ts'
import type { Clock, Log } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { createMessage } from '../../http/index.ts'
import type { Jobs, LiveEvent } from '../../jobs/index.ts'
import { createCatchUp } from './catch-up.ts'
import type { Client, Debt, Member } from './client.ts'
import { createPeople, type People } from './people.ts'
import { stamp } from './state-events.ts'
import { createTelling } from './telling.ts'

export interface HubDeps {
  readonly presence: Presence
  readonly jobs: Pick<Jobs, 'list'>
  readonly catalog: Pick<Catalog, 'apps'>
  readonly clock: Clock
  readonly log: Log
  /** What may wait to be sent to one client, in bytes. */
  readonly buffer: number
}

export type NewClient = Pick<Client, 'outlet' | 'wishes' | 'endsWith'> & {
  readonly member: Member
  /** What the client has missed before it came. */
  readonly missed?: { readonly since: number; readonly reason: Debt['reason'] } | null
}

/** All clients of this process, and what they are told. */
export interface Hub {
  /** Errors: `unauthenticated`. */
  join(who: Connected): Promise<Member>
  enter(client: NewClient): Client
  leave(client: Client): void
  count: People['count']
  /** Tells an event to everybody who may hear of it. */
  tell(event: LiveEvent): void
  /** A client wants to know what has changed. */
  oweTo(client: Client, since: number, reason: Debt['reason']): void
  /** Everybody may have missed something. */
  oweToAll(since: number): void
  /** The program ends. */
  closeAll(): void
  /** Closes who may stay no longer, and tells what is owed as far as it is taken. */
  tend(about: { readonly rights: boolean }): void
}

export function createHub({ presence, jobs, catalog, clock, log, buffer }: HubDeps): Hub {
  const people = createPeople({ presence, clock, ended: goodbye })
  const catchUp = createCatchUp({ people, jobs, catalog, clock, log, buffer })
  const tell = createTelling({ people, catchUp, oweToAll, clock, log, buffer })

  function goodbye({ who: { username }, clients }: Member): void {
    const message = createMessage({ ...stamp(clock.now()), type: 'session.revoked', username })
    for (const client of [...clients]) {
      leave(client)
      client.outlet.send(message)
      client.outlet.close(4401, 'The session has ended.')
    }
  }

  function leave(client: Client): void {
    people.leave(client)
    catchUp.forget(client)
  }

  function oweToAll(since: number): void {
    for (const { clients } of people.all()) {
      for (const client of clients) catchUp.owe(client, since, 'interrupted')
    }
    void catchUp.settle()
  }

  return {
    join: people.join,
    enter({ missed, ...given }) {
      const client: Client = { ...given, debt: null }
      people.enter(client)
      if (missed) {
        catchUp.owe(client, missed.since, missed.reason)
        void catchUp.settle()
      } else client.outlet.send(createMessage({ type: 'ready', ...stamp(clock.now()) }))
      return client
    },
    leave,
    count: people.count,
    tell,
    oweTo(client, since, reason) {
      catchUp.owe(client, since, reason)
      void catchUp.settle()
    },
    oweToAll,
    closeAll() {
      for (const { clients } of people.all()) for (const { outlet } of clients) outlet.close(1001, 'The server ends.')
    },
    tend({ rights }) {
      if (rights) people.look().catch((error: unknown) => log.debug({ err: error }, 'Rights could not be read.'))
      void catchUp.settle()
    },
  }
}
