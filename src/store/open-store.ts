import type { Store } from './port.ts'
import type { StoreDeps, StoreSettings } from './settings.ts'

type Adapters = {
  readonly [K in StoreSettings['kind']]: (
    settings: Extract<StoreSettings, { readonly kind: K }>,
    deps: StoreDeps,
  ) => Promise<Store>
}

const adapters: Adapters = {
  sqlite: async (settings, deps) => (await import('./sqlite/open-sqlite-store.ts')).openSqliteStore(settings, deps),
  mongo: async ({ mongo }, deps) => (await import('./mongo/open-mongo-store.ts')).openMongoStore(mongo, deps),
}

/**
 * Opens the documents and blobs of an instance. Errors: `storage_failed` when the home is used by another process, cannot be
 * written, is damaged, or was written by a newer program, and when MongoDB does not answer; `config_invalid` when its settings do
 * not fit the server. The detail says what to do.
 */
export function openStore(settings: StoreSettings, deps: StoreDeps): Promise<Store> {
  return settings.kind === 'mongo' ? adapters.mongo(settings, deps) : adapters.sqlite(settings, deps)
}
