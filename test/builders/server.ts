import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Audit } from '../../src/access/index.ts'
import { type Auth, createAuth } from '../../src/auth/index.ts'
import type { Clock, Log } from '../../src/base/index.ts'
import type { Bus } from '../../src/bus/index.ts'
import { type Config, loadConfig } from '../../src/config/index.ts'
import { createAuditing } from '../../src/features/audit/auditing.ts'
import { groupsRoutes } from '../../src/features/groups/groups.routes.ts'
import { createGroups } from '../../src/features/groups/groups.service.ts'
import { createGroupStore } from '../../src/features/groups/groups.store.ts'
import { type HealthCheck, healthRoutes } from '../../src/features/health/health.routes.ts'
import { sessionRoutes } from '../../src/features/session/session.routes.ts'
import { createLoginStore } from '../../src/features/users/logins.store.ts'
import { usersRoutes } from '../../src/features/users/users.routes.ts'
import { createUsers, type Users } from '../../src/features/users/users.service.ts'
import { createUserStore, type UserStore } from '../../src/features/users/users.store.ts'
import { createServer, type IdempotencyStore, type Route, type Server } from '../../src/http/index.ts'
import { createEvents } from '../../src/jobs/index.ts'
import { busSettings, storeSettings } from '../../src/processes/settings.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { chosenEngines } from './engines.ts'

/** A clock that stands still until a test moves it. */
export interface MovedClock extends Clock {
  advance(ms: number): void
}

function aClock(start = Date.parse('2026-03-01T12:00:00.000Z')): MovedClock {
  let now = start
  return {
    now: () => now,
    advance: (ms) => {
      now += ms
    },
  }
}

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Record<string, unknown>
}

/** A log that a test can read. */
function aLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = []
  const make = (base: object): Log => {
    const write = (level: LogLine['level']) => (fields: object, message: string) => {
      lines.push({ level, message, fields: { ...base, ...fields } })
    }
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => make({ ...base, ...fields }),
    }
  }
  return { log: make({}), lines }
}

/** Everything below the routes, so that a test can add routes of its own. */
export interface ServerParts {
  readonly audit: Audit
  readonly home: string
  readonly config: Config
  readonly clock: MovedClock
  readonly log: Log
  readonly lines: LogLine[]
  readonly store: Store
  readonly bus: Bus
  readonly auth: Auth
  readonly userStore: UserStore
  readonly users: Users
}

export interface TestServer extends ServerParts {
  readonly server: Server
  close(): Promise<void>
}

export interface ServerOptions {
  /** As in the environment: `LAPUTA_HTTP__BODY_LIMIT`. */
  readonly env?: Readonly<Record<string, string>>
  readonly routes?: (parts: ServerParts) => readonly Route[]
  readonly checks?: readonly HealthCheck[]
  readonly console?: string
  readonly idempotent?: boolean
}

/** A whole web server over the engines of this run (see `engines.ts`) in a temporary home. Nothing listens: use `call`, or `server.listen`. */
export async function aServer(options: ServerOptions = {}): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'laputa-server-'))
  const engines = chosenEngines()
  const config = loadConfig({ env: { LAPUTA_HOME: home, ...engines.settings, ...options.env }, cwd: home })
  const clock = aClock()
  const { log, lines } = aLog()
  const store = await openStore(storeSettings(config), { clock, log })
  const bus = await engines.openBus(busSettings(config), { clock, log })
  const userStore = createUserStore(store)
  const groupStore = createGroupStore(store)
  const auth = await createAuth({
    store,
    bus,
    clock,
    log,
    settings: config.auth,
    home,
    findUser: userStore.find,
    userChanges: userStore.changes,
  })
  const groupNames = async () => (await groupStore.list()).map(({ name }) => name)
  const users = createUsers({
    users: userStore,
    logins: createLoginStore(store),
    passwords: auth.passwords,
    bus,
    clock,
    groupNames,
  })
  const { membersOf, removeGroup } = userStore
  const groups = createGroups({ groups: groupStore, membersOf, removeFromUsers: removeGroup, clock })
  const knows = async (username: string) => (await userStore.find(username)) !== null
  const auditing = createAuditing({ store, clock, log, knows, retention: config.audit.retention })
  const { audit, noteRefusal } = auditing
  const events = createEvents({ bus, clock, log })
  const revoked = (username: string) => events.publish({ type: 'session.revoked', username })
  const parts: ServerParts = { audit, home, config, clock, log, lines, store, bus, auth, userStore, users }
  const server = await createServer({
    routes: [
      ...healthRoutes({ checks: options.checks ?? [] }),
      ...sessionRoutes({ auth, audit, noteRefusal, revoked, recordLogin: users.recordLogin }),
      ...usersRoutes({ users, audit, revoked }),
      ...groupsRoutes({ groups, audit }),
      ...(options.routes?.(parts) ?? []),
    ],
    authenticate: auditing.watch(auth.authenticate),
    recall: auth.recall,
    log,
    settings: config.http,
    version: '0.0.0-test',
    staticFolders: { console: options.console },
    idempotency: options.idempotent === false ? undefined : idempotencyOver(bus),
  })
  async function close(): Promise<void> {
    await server.close()
    await bus.close()
    await store.close()
    await engines.drop()
    await rm(home, { recursive: true, force: true })
  }
  return { ...parts, server, close }
}

function idempotencyOver(bus: Bus): IdempotencyStore {
  return {
    get: (key) => bus.cache.get(key),
    set: (key, answer) => bus.cache.set(key, answer, 60_000),
    async hold(key) {
      const lease = await bus.lock(key, 60_000)
      return lease && (() => lease.release())
    },
  }
}

export interface CallOptions {
  readonly token?: string
  readonly basic?: readonly [username: string, password: string]
  readonly body?: unknown
  /** Sent as it is, with the content type `application/json` unless `headers` has another. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly address?: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came back
  readonly body: any
  readonly text: string
}

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'

/** One request through the server's front door. */
export async function call(
  { server }: Pick<TestServer, 'server'>,
  line: `${Method} /${string}`,
  options: CallOptions = {},
): Promise<Answer> {
  const [method, url] = line.split(/ (.*)/s) as [Method, string]
  const { token, basic, body, text, headers, address } = options
  const response = await server.inject({
    method,
    url,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(basic && { authorization: `Basic ${Buffer.from(basic.join(':')).toString('base64')}` }),
      ...((body !== undefined || text !== undefined) && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(address !== undefined && { remoteAddress: address }),
    ...(text !== undefined && { payload: text }),
    ...(body !== undefined && { payload: JSON.stringify(body) }),
  })
  const isJson = /json/.test(String(response.headers['content-type'] ?? ''))
  return {
    status: response.statusCode,
    headers: response.headers,
    body: isJson && response.payload !== '' ? JSON.parse(response.payload) : undefined,
    text: response.payload,
  }
}
