import type { Batch, Column, Engine, Guarded, Query, Sql } from '../pipeline/index.ts'

/** One immutable version of a domain's rows. `count` rows, `bytes` on disk, `createdAt` in milliseconds since 1970. */
export interface VersionInfo {
  readonly version: string
  readonly app: string
  readonly domain: string
  readonly columns: readonly Column[]
  readonly count: number
  readonly bytes: number
  readonly createdAt: number
}

/** A file that somebody uploaded, already on this machine's disk. The rows room only reads it. */
export interface TableFile {
  readonly path: string
  readonly format: 'csv'
}

export interface IngestRequest {
  readonly app: string
  readonly domain: string
  readonly file: TableFile
  readonly indexes?: Indexes
}

/**
 * Columns, by name, that are looked up together often, for engines that keep indexes (`mongo/`); others need none and ignore them. They
 * only make queries faster: one that names a column which the rows do not have is left out. The definition of a domain has no word for
 * them yet, so no app gives any.
 */
type Indexes = readonly (readonly string[])[]

export interface WriteRequest {
  readonly app: string
  readonly domain: string
  readonly columns: readonly Column[]
  readonly batches: AsyncIterable<Batch> | Iterable<Batch>
  readonly indexes?: Indexes
}

/**
 * The rows of all domains of all apps, in immutable versions. A version appears whole or not at all: one that was being written
 * when the process died is never seen again. Two implementations: `duckdb/` (embedded) and `mongo/`.
 */
export interface Rows {
  /** What runs the queries: for people. */
  readonly kind: 'duckdb' | 'mongo'
  /** Reads a file into a new version; types, separator and encoding are found. Errors: `csv_invalid` with lines, `cancelled`. */
  ingest(request: IngestRequest, signal: AbortSignal): Promise<VersionInfo>
  /** Writes batches into a new version. Errors: `storage_failed`, `cancelled`. */
  write(request: WriteRequest, signal: AbortSignal): Promise<VersionInfo>
  /** Null when there is no such version. */
  describe(version: string): Promise<VersionInfo | null>
  /** An engine over these versions, by domain name. Cheap: made for every request. */
  engine(versions: ReadonlyMap<string, string>): RowsEngine
  readonly workbench: Workbench
  /**
   * Drops every version that is not in `keep` and is older than `graceMs`; answers how many. Readers of a dropped one finish. On a
   * server it also removes what killed processes left unfinished.
   */
  retain(keep: ReadonlySet<string>, graceMs: number): Promise<number>
  close(): Promise<void>
}

export interface RowsEngine extends Engine {
  /**
   * Runs the stages of a native query over what a query gives, in the database that has the rows: nothing is fetched for them. Absent
   * where that is no MongoDB; null for stages that it must not or cannot be given: the workbench takes these. Errors: `query_failed`
   * with what the database says, `too_many_rows`, and those of `fetch`.
   */
  runStages?(request: StagesThere, signal: AbortSignal): Promise<readonly NativeDocument[] | null>
}

export interface StagesThere extends Limits {
  readonly query: Guarded<Query>
  /** JSON text of the stages, already checked; they read nothing but the rows of the query. */
  readonly stages: string
}

/** Rows that were loaded for one query. */
export interface LoadedTable {
  readonly columns: readonly Column[]
  readonly count: number
  /** Frees them. Once, by whoever loaded them. */
  end(): Promise<void>
}

export interface Limits {
  /** Rows that may be loaded. */
  readonly maxRows: number
}

/** Where what an engine cannot do is done, over rows that others gave. Nothing is kept there. */
export interface Workbench {
  /** Errors: `too_many_rows`, `cancelled`, `query_timeout`, and what reading the batches throws. */
  load(batches: AsyncIterable<Batch>, limits: Limits, signal: AbortSignal): Promise<LoadedTable>
  /** An engine over loaded tables by their name, and these versions by domain where the workbench has them itself. */
  engine(tables: ReadonlyMap<string, LoadedTable>, versions: ReadonlyMap<string, string>): Engine
  /**
   * Runs a native SQL query over rows, in a database that holds nothing else and is gone afterwards. The query reads them as
   * `"##PREVIOUS_STEP##"`. Errors: `query_failed` with what the database says, and those of `load`.
   */
  runSql(text: Sql, input: AsyncIterable<Batch>, options: SqlOptions): AsyncIterable<Batch>
  /** Runs the stages of a native query. Errors: `query_failed`, and those of `load`. */
  runStages(request: StagesRequest, signal: AbortSignal): Promise<readonly NativeDocument[]>
  /** Whether it holds the stored versions: then they need not be loaded to be worked on. */
  readonly hasVersions: boolean
}

export interface SqlOptions extends Limits {
  readonly signal: AbortSignal
}

/** What stages give: values of columns, or documents and lists of them. */
export type NativeDocument = { readonly [name: string]: unknown }

export interface StagesRequest extends Limits {
  /** JSON text of the stages, already checked. */
  readonly stages: string
  readonly input: AsyncIterable<Batch>
  /** What they read besides, by domain. */
  readonly others: ReadonlyMap<string, AsyncIterable<Batch>>
}
