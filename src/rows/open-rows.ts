import type { Rows } from './port.ts'
import type { RowsDeps, RowsSettings } from './settings.ts'

const adapters = {
  duckdb: async (settings: RowsSettings, deps: RowsDeps) =>
    (await import('./duckdb/open-duckdb-rows.ts')).openDuckdbRows(settings, deps),
} as const satisfies Record<RowsSettings['kind'], (settings: RowsSettings, deps: RowsDeps) => Promise<Rows>>

/** Opens the rows of an instance and removes what a killed process left unfinished. Errors: `storage_failed`. */
export function openRows(settings: RowsSettings, deps: RowsDeps): Promise<Rows> {
  return adapters[settings.kind](settings, deps)
}
