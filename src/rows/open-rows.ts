import type { Rows } from './port.ts'
import type { DuckdbSettings, MongoSettings, RowsDeps, RowsSettings } from './settings.ts'

const adapters = {
  duckdb: async (settings: DuckdbSettings, deps: RowsDeps) =>
    (await import('./duckdb/open-duckdb-rows.ts')).openDuckdbRows(settings, deps),
  mongo: async (settings: MongoSettings, deps: RowsDeps) =>
    (await import('./mongo/open-mongo-rows.ts')).openMongoRows(settings, deps),
} as const

/**
 * Opens the rows of an instance and removes what a killed process left unfinished under the home. (What one left on a server is removed
 * by `retain`.) Errors: `storage_failed`; `config_invalid` for settings that do not fit the server.
 */
export function openRows(settings: RowsSettings, deps: RowsDeps): Promise<Rows> {
  return settings.kind === 'mongo' ? adapters.mongo(settings, deps) : adapters.duckdb(settings, deps)
}
