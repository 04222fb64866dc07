import type { BusSettings } from '../bus/index.ts'
import { type Config, threadPoolSize } from '../config/index.ts'
import type { DataSettings } from '../data/index.ts'
import type { RowsSettings } from '../rows/index.ts'
import type { SqliteSettings, StoreSettings } from '../store/index.ts'

/** What each adapter is told of the configuration: its own part and no other. */
export function storeSettings(
  { store, home, mongo }: Config,
  writer: SqliteSettings['writer'] = 'here',
): StoreSettings {
  return store.kind === 'mongo' ? { kind: 'mongo', mongo } : { kind: 'sqlite', home, writer }
}

export function busSettings({ bus, redis }: Config): BusSettings {
  return bus.kind === 'redis' ? { kind: 'redis', redis } : { kind: 'memory', cacheBytes: bus.cache_size }
}

export function rowsSettings({ rows, home, mongo, uploads, query }: RowsConfig): RowsSettings {
  const shared = {
    home,
    memoryLimitBytes: rows.memory_limit,
    threads: rows.threads,
    poolThreads: threadPoolSize(),
    maxColumns: uploads.max_columns,
  }
  if (rows.kind === 'duckdb') return { ...shared, kind: 'duckdb' }
  return { ...shared, kind: 'mongo', mongo, ...(query && { maxTimeMs: query.timeout }) }
}

/** A process that answers no queries needs no `query`. */
export type RowsConfig = Pick<Config, 'rows' | 'home' | 'mongo' | 'uploads'> & Partial<Pick<Config, 'query'>>

export function dataSettings({ permissions, query }: Config): DataSettings {
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
