import { isProblem, type Log, Problem } from '../../base/index.ts'
import type { Connection, Connector, ConnectorDeps } from '../../connectors/index.ts'
import type { ResolvedConnection } from './connections.service.ts'

export interface OpenConnection {
  readonly connector: Connector
  readonly connection: Connection
  /** Another text after each change of the connection: part of the key of cached answers. */
  readonly revision: string
  readonly ttlMs: number | null
}

/** Keeps connections open between requests. */
export interface ConnectionPool {
  /**
   * Gives a connection that is opened when it is first used, so that what is cached needs no source. Ask again for each request: what is
   * not used for a while is closed, and so is what was changed or removed. Errors: `not_found`, `not_ready` after `close`, those of
   * `Connections.resolve`; those of `Connector.open` when it is used.
   */
  open(app: string, id: string): Promise<OpenConnection>
  /** Closes a connection that was changed or removed, once nobody uses it any more. */
  retire(id: string): void
  close(): Promise<void>
}

export interface ConnectionPoolDeps extends ConnectorDeps {
  readonly resolve: (app: string, id: string) => Promise<ResolvedConnection>
  readonly patience?: Patience
}

/** Milliseconds. `grace`: for how long after it was asked for a connection is kept in any case. */
export interface Patience {
  readonly idle: number
  readonly grace: number
  readonly sweep: number
}

const usualPatience: Patience = { idle: 5 * 60_000, grace: 30_000, sweep: 10_000 }

interface Entry {
  readonly id: string
  readonly version: number
  readonly connector: Connector
  readonly dial: () => Promise<Connection>
  /** Null before the first use, and after one that failed. */
  opening: Promise<Connection> | null
  uses: number
  /** Monotonic milliseconds. */
  touchedAt: number
  ended: boolean
}

export function createConnectionPool(deps: ConnectionPoolDeps): ConnectionPool {
  const { resolve, log, patience = usualPatience } = deps
  const current = new Map<string, Entry>()
  const retired = new Set<Entry>()
  const closing = new Set<Promise<void>>()
  let closed = false
  const timer = setInterval(sweep, patience.sweep)
  timer.unref()

  function retire(id: string): void {
    const entry = current.get(id)
    if (!entry) return
    current.delete(id)
    retired.add(entry)
  }

  function sweep(): void {
    const now = performance.now()
    const rests = ({ uses, touchedAt }: Entry, ms: number) => uses === 0 && now - touchedAt >= ms
    for (const entry of current.values()) if (rests(entry, patience.idle)) retire(entry.id)
    for (const entry of retired) if (rests(entry, patience.grace)) end(entry)
  }

  function end(entry: Entry): void {
    retired.delete(entry)
    entry.ended = true
    const done = closeEntry(entry, log).finally(() => closing.delete(done))
    closing.add(done)
  }

  function entryOf(id: string, resolved: ResolvedConnection): Entry {
    const known = current.get(id)
    // Another request may have seen a later version already.
    if (known && known.version >= resolved.version) return touched(known)
    retire(id)
    const { version, connector } = resolved
    const state = { opening: null, uses: 0, touchedAt: performance.now(), ended: false }
    const entry: Entry = { id, version, connector, dial: () => dial(resolved, deps), ...state }
    current.set(id, entry)
    return entry
  }

  return {
    async open(app, id) {
      const resolved = await resolve(app, id)
      if (closed) throw ending()
      const entry = entryOf(id, resolved)
      const { connector, version } = entry
      return { connector, connection: pooled(entry), revision: `${id}@${version}`, ttlMs: resolved.ttlMs }
    },
    retire,
    async close() {
      closed = true
      clearInterval(timer)
      for (const id of current.keys()) retire(id)
      for (const entry of retired) end(entry)
      await Promise.all(closing)
    },
  }
}

async function dial({ connector, config }: ResolvedConnection, deps: ConnectorDeps): Promise<Connection> {
  const { dialer, clock, log, limits } = deps
  return connector.open(config, { dialer, clock, log, limits }).catch(hideDriverError)
}

/** What is no problem comes from a driver, whose message may quote what it connected with, and would be logged as a fault of ours. */
function hideDriverError(error: unknown): never {
  if (isProblem(error)) throw error
  throw new Problem('source_failed', 'The source failed in a way that its connector does not know.')
}

function ending(): Problem {
  return new Problem('not_ready', 'The connection is closed, because the server is ending or it was removed.')
}

async function closeEntry({ id, opening }: Entry, log: Log): Promise<void> {
  const connection = await opening?.catch(() => null)
  // Drivers put what they were connecting with into their errors: only the code goes to the log.
  await connection?.close().catch((error: unknown) => {
    log.warn({ connection: id, code: isProblem(error) ? error.code : 'unknown' }, 'a connection did not close cleanly')
  })
}

function touched(entry: Entry): Entry {
  entry.touchedAt = performance.now()
  return entry
}

/** The connection to who waits for it. All wait for the same one; what could not be opened is tried anew by the next use. */
function connected(entry: Entry): Promise<Connection> {
  if (entry.opening) return entry.opening
  if (entry.ended) return Promise.reject(ending())
  const opening = entry.dial()
  entry.opening = opening
  opening.catch(() => {
    entry.opening = null
  })
  return opening
}

/** Opens at the first use and counts uses: nothing is closed under a query that runs. Closing is the pool's business. */
function pooled(entry: Entry): Connection {
  async function during<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const leave = enter(entry)
    try {
      return await work(await connected(entry))
    } finally {
      leave()
    }
  }
  return {
    status: (signal) => during((connection) => connection.status(signal).catch(hideDriverError)),
    tables: (signal) => during((connection) => connection.tables(signal).catch(hideDriverError)),
    engine: (sources) => ({
      capabilities: entry.connector.capabilities,
      fetch: (query, slice, signal) => during((connection) => connection.engine(sources).fetch(query, slice, signal)),
      async *stream(query, signal) {
        const leave = enter(entry)
        try {
          yield* (await connected(entry)).engine(sources).stream(query, signal)
        } finally {
          leave()
        }
      },
    }),
    close: async () => {},
  }
}

function enter(entry: Entry): () => void {
  entry.uses++
  return () => {
    entry.uses--
    touched(entry)
  }
}
