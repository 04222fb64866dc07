import type { Batch, Column, Engine } from '../pipeline/index.ts'

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
}

export interface WriteRequest {
  readonly app: string
  readonly domain: string
  readonly columns: readonly Column[]
  readonly batches: AsyncIterable<Batch> | Iterable<Batch>
}

/**
 * The rows of all domains of all apps, in immutable versions. A version appears whole or not at all: one that was being written
 * when the process died is never seen again. Two implementations: `duckdb/` (embedded) and, later, `mongo/`.
 */
export interface Rows {
  /** Reads a file into a new version; types, separator and encoding are found. Errors: `csv_invalid` with lines, `cancelled`. */
  ingest(request: IngestRequest, signal: AbortSignal): Promise<VersionInfo>
  /** Writes batches into a new version. Errors: `storage_failed`, `cancelled`. */
  write(request: WriteRequest, signal: AbortSignal): Promise<VersionInfo>
  /** Null when there is no such version. */
  describe(version: string): Promise<VersionInfo | null>
  /** An engine over these versions, by domain name. Cheap: made for every request. */
  engine(versions: ReadonlyMap<string, string>): Engine
  /** Drops every version that is not in `keep` and is older than `graceMs`; answers how many. Readers of a dropped one finish. */
  retain(keep: ReadonlySet<string>, graceMs: number): Promise<number>
  close(): Promise<void>
}
