import type { Guarded, Query } from './query.ts'
import type { Column, Value } from './values.ts'

/** What an engine can do by itself; the planner leaves the rest to the workbench. Data, not methods. */
export interface Capabilities {
  /** Names of the steps that it runs, or `all`. */
  readonly steps: 'all' | ReadonlySet<string>
  readonly filter: boolean
  readonly sort: boolean
  readonly page: boolean
  readonly count: boolean
  readonly cancel: boolean
  readonly stream: boolean
}

/** Which rows of the answer: from `offset`, at most `limit` (null: all, up to `maxRows`, which is the operator's bound). */
export interface SliceRequest {
  readonly offset: number
  readonly limit: number | null
  readonly maxRows: number
}

/** Milliseconds, by phase of an engine's work. */
export interface Stats {
  readonly compile: number
  readonly execute: number
}

/** `total` is null when the engine did not count. `truncated`: `maxRows` cut the answer. */
export interface PageInfo {
  readonly offset: number
  readonly limit: number | null
  readonly total: number | null
  readonly truncated: boolean
}

/** A page of rows as ready bytes: `rows` is the text of a JSON array of objects, `count` the number of rows in it. */
export interface Slice {
  readonly columns: readonly Column[]
  readonly rows: Buffer
  readonly count: number
  readonly page: PageInfo
  readonly stats: Stats
}

/** Rows on their way somewhere else: each row has one value per column, in the order of `columns`. */
export interface Batch {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Value[])[]
}

/**
 * Something that answers queries: the rows of an app's domains, or a connection. Errors: `pipeline_invalid` (a column that does
 * not exist: step, column, nearest names), `query_failed`, `query_timeout`, `cancelled` when `signal` aborts.
 */
export interface Engine {
  readonly capabilities: Capabilities
  fetch(query: Guarded<Query>, slice: SliceRequest, signal: AbortSignal): Promise<Slice>
  /** At least one batch, so that the columns are told when there are no rows. */
  stream(query: Guarded<Query>, signal: AbortSignal): AsyncIterable<Batch>
}
