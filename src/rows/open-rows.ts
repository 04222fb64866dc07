import type { Clock, Log } from '../base/index.ts'
import type { Rows } from './port.ts'

/**
 * `duckdb`: one file `<home>/rows/<version>.duckdb` for each version; unfinished ones and what a query spills to disk are under
 * `<home>/tmp/`. `home` is made when it does not exist.
 */
export interface RowsSettings {
  readonly kind: 'duckdb'
  readonly home: string
  /** What all queries together may hold in memory; more is written to disk. A version that is being made may use as much again. */
  readonly memoryLimitBytes: number
  /** Cores that the queries share. */
  readonly threads: number
  /** The widest table that is taken. */
  readonly maxColumns: number
}

export interface RowsDeps {
  readonly clock: Clock
  readonly log: Log
}

const adapters = {
  duckdb: async (settings: RowsSettings, deps: RowsDeps) =>
    (await import('./duckdb/open-duckdb-rows.ts')).openDuckdbRows(settings, deps),
} as const satisfies Record<RowsSettings['kind'], (settings: RowsSettings, deps: RowsDeps) => Promise<Rows>>

/** Opens the rows of an instance and removes what a killed process left unfinished. Errors: `storage_failed`. */
export function openRows(settings: RowsSettings, deps: RowsDeps): Promise<Rows> {
  return adapters[settings.kind](settings, deps)
}
