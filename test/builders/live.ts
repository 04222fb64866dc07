import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { z } from 'zod'
import type { Bus } from '../../src/bus/index.ts'
import { type Catalog, createCatalog } from '../../src/catalog/index.ts'
import { createLive, type Live } from '../../src/features/live/live.ts'
import { createEvents, createJobs, defineJob, type Events, type Jobs, type JobWorkers } from '../../src/jobs/index.ts'
import { aServer, call, type ServerParts, type TestServer } from './server.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
export type Said = any

/** The other side of a websocket or an event stream. */
export interface Listener {
  /** What came, parsed. */
  readonly heard: Said[]
  /** The first message, also among those that came before, that the test likes. Fails after some seconds. */
  until(likes: (message: Said) => boolean): Promise<Said>
  say(message: unknown): void
  readonly socket: WebSocket
  /** Null while it is open. */
  closed(): { readonly code: number; readonly reason: string } | null
  untilClosed(): Promise<{ readonly code: number; readonly reason: string }>
  close(): void
}

export interface LiveServer extends TestServer {
  readonly live: Live
  readonly events: Events
  readonly jobs: Jobs
  readonly catalog: Catalog
  readonly url: string
  ticket(token: string): Promise<string>
  /** Opens a websocket with a ticket of its own and waits until it is ready. */
  connect(token: string): Promise<Listener>
  work(): Promise<JobWorkers>
}

export interface LiveOptions {
  readonly maxClients?: number
  readonly buffer?: number
  /** As where other processes write to the store too: nobody is told of changes. */
  readonly shared?: boolean
  /** Puts something in front of the bus that the events and the tickets use. */
  readonly bus?: (bus: Bus) => Bus
}

/** A job that says what it is told to, and fails when it is told that. */
const talk = defineJob({
  name: 'talk',
  version: 1,
  queue: 'fast',
  args: z.strictObject({ says: z.array(z.string()), fails: z.boolean().default(false) }),
  retries: 0,
  async run(ctx, { says }) {
    for (const line of says) ctx.say(line)
    return { said: says.length }
  },
})

/** A server that listens, with everything that live events are made of. */
export async function aLiveServer({
  maxClients = 1000,
  buffer = 64 * 1024,
  shared = false,
  bus: wrap,
}: LiveOptions = {}): Promise<LiveServer> {
  let made: Pick<LiveServer, 'live' | 'events' | 'jobs' | 'catalog'> | undefined
  const server = await aServer({
    routes: (parts) => {
      made = makeLive(parts, { maxClients, buffer, shared, bus: wrap ?? ((bus) => bus) })
      return made.live.routes
    },
  })
  if (!made) throw new Error('the routes were not asked for')
  const parts = made
  parts.live.attach(server.server.server)
  const url = await server.server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.server.address() as AddressInfo
  const ticket = async (token: string) => (await call(server, 'POST /live/ticket', { token })).body.ticket
  return {
    ...server,
    ...parts,
    url,
    ticket,
    async connect(token) {
      const listener = listen(new WebSocket(`ws://127.0.0.1:${port}/live`, ['laputa', `ticket.${await ticket(token)}`]))
      await listener.until(({ type }) => type === 'ready')
      return listener
    },
    work: () => parts.jobs.work({ heavy: 1, fast: 1 }),
    async close() {
      await parts.live.close()
      await server.close()
    },
  }
}

function makeLive(parts: ServerParts, { bus: wrap, shared, ...settings }: Required<LiveOptions>) {
  const { store, clock, log, config } = parts
  const bus = wrap(parts.bus)
  const events = createEvents({ bus, clock, log })
  const owner = 'live-test'
  const jobs = createJobs({ store, bus, clock, log, definitions: [talk], settings: config.jobs, owner })
  const catalog = createCatalog({ store, clock })
  const { presence } = parts.auth
  const auth = { presence: shared ? { ...presence, changes: () => undefined } : presence }
  const deps = { events, jobs, auth, catalog, bus, clock, log }
  return { events, jobs, catalog, live: createLive({ ...deps, settings: { ...settings, ticket: 15_000 } }) }
}

export function listen(socket: WebSocket): Listener {
  const heard: Said[] = []
  let closed: { code: number; reason: string } | null = null
  socket.on('message', (data) => heard.push(JSON.parse(String(data))))
  socket.on('close', (code, reason) => {
    closed = { code, reason: String(reason) }
  })
  socket.on('error', () => {})
  return {
    heard,
    socket,
    until: (likes) =>
      eventually(
        () => heard.find(likes),
        () => `heard ${JSON.stringify(heard).slice(0, 2000)}, ${JSON.stringify(closed)}`,
      ),
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    closed: () => closed,
    untilClosed: () =>
      eventually(
        () => closed,
        () => 'it is open',
      ),
    close: () => socket.terminate(),
  }
}

/** What `find` finds, looked for until it is there. */
export async function eventually<T>(
  find: () => T | null | undefined,
  why: () => string,
  patienceMs = 8000,
): Promise<T> {
  for (const until = Date.now() + patienceMs; ; await sleep(5)) {
    const found = find()
    if (found !== null && found !== undefined) return found
    if (Date.now() > until) throw new Error(`it did not come: ${why()}`)
  }
}
