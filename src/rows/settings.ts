import type { Clock, Log } from '../base/index.ts'
import type { Config } from '../config/index.ts'

/** `mongo`: one collection a version, and the workbench of DuckDB in this process. */
export type RowsSettings = DuckdbSettings | MongoSettings

/** Files that are read, and what the workbench spills to disk, are under `<home>/tmp/`. */
export interface MongoSettings extends Omit<DuckdbSettings, 'kind'> {
  readonly kind: 'mongo'
  readonly mongo: Config['mongo']
  /** How long the server may work on a page, also when this process is no longer there to stop it. Milliseconds; default: no bound. */
  readonly maxTimeMs?: number
}

/**
 * `duckdb`: one file `<home>/rows/<version>.duckdb` for each version; unfinished ones and what a query spills to disk are under
 * `<home>/tmp/`. `home` is made when it does not exist.
 */
export interface DuckdbSettings {
  readonly kind: 'duckdb'
  readonly home: string
  /** What all queries together may hold in memory; more is written to disk. A version that is being made may use as much again. */
  readonly memoryLimitBytes: number
  /** Cores that the queries share. */
  readonly threads: number
  /** The threads of Node's pool. Default: 4, as Node has it. */
  readonly poolThreads?: number
  /** The widest table that is taken. */
  readonly maxColumns: number
}

export interface RowsDeps {
  readonly clock: Clock
  readonly log: Log
}
