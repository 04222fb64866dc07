import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Audit } from '../access/index.ts'
import { createAuth } from '../auth/index.ts'
import { type Clock, type Log, systemClock } from '../base/index.ts'
import { type Bus, openBus } from '../bus/index.ts'
import { createCatalog } from '../catalog/index.ts'
import { type Config, threadPoolSize } from '../config/index.ts'
import { createData } from '../data/index.ts'
import { createAuditing, createFeatures, createUserStore, openConnections, type Users } from '../features/index.ts'
import { createServer, type Server } from '../http/index.ts'
import { openRows } from '../rows/index.ts'
import { openStore } from '../store/index.ts'
import { createClosers } from './closers.ts'
import { sweep } from './sweep.ts'

export interface ComposeDeps {
  readonly config: Config
  readonly log: Log
  readonly version: string
  readonly clock?: Clock
}

/** The whole product, ready to answer `inject`, not yet listening. */
export interface Composed {
  readonly server: Server
  readonly users: Users
  readonly audit: Audit
  /** Closes everything, what was opened last first. */
  close(): Promise<void>
}

/** How long each part may take to close. */
const patienceMs = 5000

/** Idempotent answers are kept for a day. */
const repeatableMs = 86_400_000

/** Wires the product, once, from top to bottom. What fails half-way closes what was opened. */
export async function compose({ config, log, version, clock = systemClock }: ComposeDeps): Promise<Composed> {
  const closers = createClosers(log)
  const close = () => closers.closeAll(patienceMs)
  try {
    const { home } = config
    const deps = { clock, log }
    const store = await closers.open('store', openStore({ kind: config.store.kind, home }, deps))
    const bus = await closers.open('bus', openBus({ kind: config.bus.kind, cacheBytes: config.bus.cache_size }, deps))
    const rows = await closers.open(
      'rows',
      openRows(
        {
          kind: config.rows.kind,
          home,
          memoryLimitBytes: config.rows.memory_limit,
          threads: config.rows.threads,
          poolThreads: threadPoolSize(),
          maxColumns: config.uploads.max_columns,
        },
        deps,
      ),
    )
    const userStore = createUserStore(store)
    const auth = await createAuth({
      ...deps,
      store,
      bus,
      home,
      settings: config.auth,
      findUser: userStore.find,
      userChanges: userStore.changes,
    })
    const catalog = createCatalog({ store, clock })
    const knows = async (username: string) => (await userStore.find(username)) !== null
    const auditing = createAuditing({ ...deps, store, knows, retention: config.audit.retention })
    const connections = await closers.open(
      'connections',
      openConnections({ ...deps, store, catalog, home, settings: config.connections }),
    )
    const data = await closers.open(
      'data',
      createData({ rows, bus, clock, openConnection: connections.pool.open, settings: dataSettings(config) }),
    )
    const { routes, users, uploads } = createFeatures({
      ...{ auditing, auth, bus, catalog, clock, connections, data, rows, store, userStore },
      checks: [{ name: 'store', check: () => userStore.find('nobody') }],
      whenUnset: config.permissions.when_unset,
      uploads: { folder: join(home, 'tmp'), limitBytes: config.http.upload_limit },
    })
    await uploads.clean()
    await sweep({ catalog, rows, store, log })
    await auditing.prune()
    const server = await closers.open(
      'server',
      createServer({
        ...{ routes, log, version, authenticate: auditing.watch(auth.authenticate), recall: auth.recall },
        settings: config.http,
        staticFolders: { console: consoleFolder() },
        idempotency: idempotencyOver(bus),
      }),
    )
    return { server, users, audit: auditing.audit, close }
  } catch (error) {
    await close()
    throw error
  }
}

function dataSettings({ permissions, query }: Config) {
  const { cache } = query
  return {
    whenUnset: permissions.when_unset,
    timeoutMs: query.timeout,
    maxRows: query.max_rows,
    maxSteps: query.max_steps,
    limits: { maxFetchedRows: query.max_fetched_rows, maxNativeRows: query.max_native_rows },
    cache: {
      enabled: cache.status === 'enable',
      ttlMs: cache.ttl,
      staleMs: cache.stale_while_revalidate,
      maxEntryBytes: cache.max_entry,
      memoryBytes: cache.memory,
      minTimeMs: cache.min_time,
      errorTtlMs: cache.error_ttl,
      freshReads: cache.fresh_reads,
    },
  }
}

function idempotencyOver(bus: Bus) {
  return {
    get: (key: string) => bus.cache.get(key),
    set: (key: string, answer: Buffer) => bus.cache.set(key, answer, repeatableMs),
    async hold(key: string) {
      const lease = await bus.lock(key, 60_000)
      return lease && (() => lease.release())
    },
  }
}

/** Built by `npm run build`; from the sources it is found in `dist/` too. */
function consoleFolder(): string | undefined {
  const built = [join(import.meta.dirname, '..', 'console'), join(import.meta.dirname, '..', '..', 'dist', 'console')]
  return built.find((folder) => existsSync(join(folder, 'index.html')))
}
