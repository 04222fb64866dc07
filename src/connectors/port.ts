import type { z } from 'zod'
import type { Clock, Json, JsonObject, Log } from '../base/index.ts'
import type { Capabilities, Engine, Sql } from '../pipeline/index.ts'
import type { Dialer } from './dialer.ts'

/** One step of a connection check, in the order in which it is made: null when an earlier one failed. */
export interface StatusCheck {
  readonly name: string
  readonly passed: boolean | null
}

/** `ok` is null when the connector has nothing to check. `error` is for people and never holds a secret. */
export interface ConnectionStatus {
  readonly ok: boolean | null
  readonly error: string | null
  readonly checks: readonly StatusCheck[]
}

/** A table that a builder can choose. */
export interface SourceTable {
  readonly schema: string | null
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

/**
 * What a live domain reads, after its variables were filled in: plain data, part of the cache key. `native` is text of the source's own
 * language with bound values, for connectors whose `native` is `sql`.
 */
export type ResolvedSource = { readonly [field: string]: Json | Sql | undefined }

/** An open connection. Errors of its engines: those of `Engine`, and `source_failed`, `source_timeout`, `address_refused`. */
export interface Connection {
  status(signal: AbortSignal): Promise<ConnectionStatus>
  /** What there is to read; empty for sources that cannot tell. */
  tables(signal: AbortSignal): Promise<readonly SourceTable[]>
  /** An engine over what these domains read, by domain name. Cheap: made for every request. */
  engine(sources: ReadonlyMap<string, ResolvedSource>): Engine
  close(): Promise<void>
}

export interface ConnectorDeps {
  readonly dialer: Dialer
  readonly clock: Clock
  readonly log: Log
  readonly limits: ConnectorLimits
}

export interface ConnectorLimits {
  /** How long a source may take for one query. */
  readonly timeoutMs: number
  /** Rows that one query may bring into this process. */
  readonly maxRows: number
  /** Bytes that one answer of a source may have. */
  readonly maxBytes: number
  /** Queries at the same time on one connection; more wait. */
  readonly concurrency: number
}

/** A kind of source. Schemas are always loadable; drivers are loaded when a connection opens. */
export interface Connector {
  readonly type: string
  readonly label: string
  /** What a builder says about the connection: an allow-list of options, never passed through. */
  readonly config: z.ZodType<JsonObject>
  /** Names of the fields of `config` that are kept encrypted and never shown again. */
  readonly secrets: readonly string[]
  /** What a live domain says about what to read. */
  readonly query: z.ZodType<JsonObject>
  readonly capabilities: Capabilities
  /** The language of native queries that it takes as the first step of a pipeline. */
  readonly native: 'sql' | null
  /**
   * Fills the variables of a query with typed values; values in native text are bound. Pure. Errors: `pipeline_invalid` naming an undefined
   * variable, `data_refused` for native text that is not one reading statement.
   */
  resolve(query: JsonObject, variables: JsonObject): ResolvedSource
  open(config: JsonObject, deps: ConnectorDeps): Promise<Connection>
}
