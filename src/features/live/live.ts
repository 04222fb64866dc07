import type { Server } from 'node:http'
import type { Auth, Connected } from '../../auth/index.ts'
import { type Clock, type Log, Problem } from '../../base/index.ts'
import type { Bus } from '../../bus/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { createSockets, type Enter, type Route } from '../../http/index.ts'
import type { Events, Jobs } from '../../jobs/index.ts'
import type { Member } from './client.ts'
import { createHub, type Hub } from './hub.ts'
import { listenTo } from './listening.ts'
import { createOutage } from './outage.ts'
import { streamsRoutes } from './streams.routes.ts'
import { ticketRoute } from './ticket.routes.ts'
import { createTickets } from './tickets.ts'

export interface LiveDeps {
  readonly events: Pick<Events, 'watch'>
  readonly jobs: Pick<Jobs, 'get' | 'list'>
  readonly auth: Pick<Auth, 'presence'>
  readonly catalog: Pick<Catalog, 'app' | 'apps'>
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Log
  /** `ticket` in milliseconds, `buffer` in bytes. */
  readonly settings: { readonly maxClients: number; readonly ticket: number; readonly buffer: number }
}

/** Tells people who watch what happens: over websockets at `/live`, and over event streams. */
export interface Live {
  readonly routes: readonly Route[]
  /** Answers the upgrades of a server. Without it there are only the event streams. */
  attach(server: Server): void
  /** How many are connected. */
  clients(): number
  /** Says goodbye to everybody. Must come before the server is closed, which waits for its connections. */
  close(): Promise<void>
}

/** How often it is looked for people who have gone, and for clients that have room again. Milliseconds. */
const tickMs = 250
const ticksOfRights = 4
const beatMs = 5000

export function createLive(deps: LiveDeps): Live {
  const { events, auth, bus, clock, log, settings } = deps
  const hub = createHub({ ...deps, presence: auth.presence, buffer: settings.buffer })
  const tickets = createTickets({ bus, clock, lifetimeMs: settings.ticket })
  const outage = createOutage({ ...deps, tell: hub.tell })
  const watch = createWatch(() => events.watch(hub.tell), log)
  const sockets = createSockets({ admit, checkRoom: () => checkRoom(hub, settings), log })
  // Only with the first client: processes that have none have nothing to do here.
  const work = startedOnce(() => {
    // The last good look may lie before an interruption by as much.
    const endInterruptions = bus.whenInterrupted(() => hub.oweToAll(outage.heardAt() - 2 * beatMs))
    const timers = [setInterval(tick(hub), tickMs), setInterval(() => void beat(), beatMs)]
    for (const timer of timers) timer.unref()
    return () => {
      endInterruptions()
      for (const timer of timers) clearInterval(timer)
    }
  })

  async function join(who: Connected): Promise<Member> {
    checkRoom(hub, settings, who.username)
    if (work.start() && !bus.local) await outage.beat()
    await watch.begin()
    return hub.join(who)
  }

  async function admit(ticket: string): Promise<Enter | null> {
    const who = await tickets.redeem(ticket)
    if (!who) return null
    const member = await join(who)
    return (outlet) => {
      const client = hub.enter({ outlet, member, wishes: null })
      return { received: listenTo(client, { hub, clock }), left: () => hub.leave(client) }
    }
  }

  async function beat(): Promise<void> {
    if (hub.count() > 0) await watch.begin()
    if (!bus.local) await outage.beat()
  }

  return {
    routes: [ticketRoute({ tickets, presence: auth.presence }), ...streamsRoutes({ ...deps, hub, join })],
    attach: sockets.attach,
    clients: () => hub.count(),
    async close() {
      work.end()
      await watch.end()
      hub.closeAll()
      await sockets.close()
    },
  }
}

/** Starts something at most once, and ends it if it was started. `start` tells whether it did. */
function startedOnce(begin: () => () => void): { start(): boolean; end(): void } {
  let end: (() => void) | null = null
  return {
    start() {
      if (end) return false
      end = begin()
      return true
    },
    end: () => end?.(),
  }
}

function tick(hub: Hub): () => void {
  let count = 0
  return () => {
    if (hub.count() > 0) hub.tend({ rights: ++count % ticksOfRights === 0 })
  }
}

/** One user may not take all the places. Without a name, whether there is any place at all. */
function checkRoom(hub: Hub, { maxClients }: LiveDeps['settings'], username?: string): void {
  const mostOfOne = Math.max(100, Math.floor(maxClients / 4))
  const ofOne = username === undefined ? 0 : hub.count(username)
  if (hub.count() < maxClients && ofOne < mostOfOne) return
  throw new Problem('overloaded', 'There is no room for more clients (live.max_clients).', { retryAfter: 10 })
}

/** Watching begins with the first client, and is tried again while the bus does not answer. */
function createWatch(start: () => Promise<() => Promise<void>>, log: Log) {
  let watching: Promise<(() => Promise<void>) | null> | null = null
  return {
    async begin(): Promise<void> {
      watching ??= start().catch((error: unknown) => {
        log.debug({ err: error }, 'Events cannot be watched yet.')
        return null
      })
      if ((await watching) === null) watching = null
    },
    async end(): Promise<void> {
      await (await watching)?.()
    },
  }
}
