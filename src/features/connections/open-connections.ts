import { stages } from '../../access/index.ts'
import { createSecretBox } from '../../auth/index.ts'
import type { Clock, Log } from '../../base/index.ts'
import type { Catalog, Domain } from '../../catalog/index.ts'
import type { Config } from '../../config/index.ts'
import { type Connector, connectors, createDialer } from '../../connectors/index.ts'
import type { Store } from '../../store/index.ts'
import { type ConnectionPool, createConnectionPool } from './connection-pool.ts'
import { type Connections, type ConnectionUse, createConnections } from './connections.service.ts'
import { createConnectionStore } from './connections.store.ts'

export interface OpenConnectionsDeps {
  readonly store: Store
  readonly catalog: Catalog
  readonly clock: Clock
  readonly log: Log
  /** The folder that keeps the key of the secrets. */
  readonly home: string
  readonly settings: Config['connections']
}

/** Everything about connections, ready to be used: by their own routes, and by the door to rows. */
export interface OpenedConnections {
  readonly connections: Connections
  readonly connectors: ReadonlyMap<string, Connector>
  readonly pool: ConnectionPool
  close(): Promise<void>
}

/** Errors: `config_invalid` for a key file that others can read or that is damaged. */
export async function openConnections(deps: OpenConnectionsDeps): Promise<OpenedConnections> {
  const { store, catalog, clock, log, home, settings } = deps
  const { secrets_key: configured, old_secrets_keys: old, allow } = settings
  const connections = createConnections({
    connections: createConnectionStore(store),
    connectors,
    box: await createSecretBox({ home, configured, old }),
    clock,
    appMadeAt: async (app) => (await catalog.app(app)).createdAt,
    usesOf: (app, connection) => usesOf(catalog, app, connection),
  })
  const { timeout, max_rows: maxRows, max_bytes: maxBytes, concurrency } = settings
  const limits = { timeoutMs: timeout, maxRows, maxBytes, concurrency }
  const { resolve } = connections
  const pool = createConnectionPool({ resolve, dialer: createDialer({ allow }), clock, log, limits })
  return { connections, connectors, pool, close: () => pool.close() }
}

/** What reads it at either stage. Older releases do not count: going back to one shows then what is missing. */
async function usesOf(catalog: Catalog, app: string, connection: string): Promise<ConnectionUse[]> {
  const releases = await Promise.all(stages.map((stage) => catalog.current(app, stage)))
  return releases.flatMap(({ domains }, index) =>
    Object.entries(domains)
      .filter(([, domain]) => connectionOf(domain) === connection)
      .map(([domain]) => ({ stage: stages[index] ?? 'staging', domain })),
  )
}

function connectionOf(domain: Domain): string | null {
  if (domain.kind === 'live') return domain.connection
  return domain.kind === 'stored' && domain.source?.kind === 'connection' ? domain.source.connection : null
}
