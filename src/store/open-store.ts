import type { Store } from './port.ts'
import type { StoreDeps, StoreSettings } from './settings.ts'

const adapters = {
  sqlite: async (settings: StoreSettings, deps: StoreDeps) =>
    (await import('./sqlite/open-sqlite-store.ts')).openSqliteStore(settings.home, deps),
} as const satisfies Record<StoreSettings['kind'], (settings: StoreSettings, deps: StoreDeps) => Promise<Store>>

/**
 * Opens the documents and blobs of an instance. Errors: `storage_failed` when the home is used by another process, cannot be
 * written, is damaged, or was written by a newer program; the detail says what to do.
 */
export function openStore(settings: StoreSettings, deps: StoreDeps): Promise<Store> {
  return adapters[settings.kind](settings, deps)
}
