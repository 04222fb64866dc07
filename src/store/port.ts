import type { Json } from '../base/index.ts'

/** The closed grammar of filters: never a database's own operators. `field` is a top-level or dotted field of the document. */
export type Filter =
  | { readonly field: string; readonly eq: Json }
  | { readonly field: string; readonly ne: Json }
  | { readonly field: string; readonly in: readonly Json[] }
  | { readonly field: string; readonly lt: number | string }
  | { readonly field: string; readonly gt: number | string }
  | { readonly field: string; readonly exists: boolean }
  /** The field is a list and has this member. */
  | { readonly field: string; readonly contains: Json }
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }

export interface FindOptions {
  /** Default: by id, ascending. Ties are broken by id. */
  readonly sort?: { readonly field: string; readonly order: 'asc' | 'desc' }
  readonly limit?: number
  /** The id of the last document of the page before. */
  readonly after?: string
}

/** A document and the number of times it was written: what `ifVersion` compares. */
export interface Stored<T> {
  readonly doc: T
  readonly version: number
}

export interface CollectionSpec {
  /** Lower-case letters, digits and underscores. */
  readonly name: string
  /** Fields (besides `id`) that no two documents may share; documents without the field do not count. */
  readonly unique?: readonly string[]
  /** Fields that are searched often. */
  readonly indexes?: readonly string[]
  /**
   * A field with a time in milliseconds since 1970: some time after it (at most two minutes while the store is open) the document is
   * gone. Documents without it stay.
   */
  readonly expires?: string
}

/** Documents of one kind, each with a text `id`. What must change together is one document: there are no transactions. */
export interface Collection<T extends { readonly id: string }> {
  get(id: string): Promise<Stored<T> | null>
  find(filter?: Filter, options?: FindOptions): Promise<Stored<T>[]>
  /** Errors: `conflict` when the id or a unique field is taken. */
  insert(doc: T): Promise<Stored<T>>
  /** Compare-and-swap. Errors: `precondition_failed` when the stored version is another one or the document is gone; `conflict`. */
  replace(doc: T, ifVersion: number): Promise<Stored<T>>
  /** Whether there was one to remove. With `ifVersion`: `precondition_failed` when the stored version is another one. */
  remove(id: string, ifVersion?: number): Promise<boolean>
  count(filter?: Filter): Promise<number>
  /**
   * A number that another one follows with each write to the collection, before anybody hears of the write: while it stays the same,
   * what was read is true. Undefined where somebody else may write without this process noticing; then nothing may be remembered.
   */
  changes(): number | undefined
}

/** Content named by its SHA-256 in hex. The same content is kept once. */
export interface Blobs {
  /** Stores a stream. A blob appears whole or not at all. */
  put(content: AsyncIterable<Uint8Array>): Promise<{ readonly hash: string; readonly size: number }>
  /** Null when there is none. `range` is in bytes, `end` exclusive. */
  get(hash: string, range?: { readonly start: number; readonly end: number }): Promise<AsyncIterable<Uint8Array> | null>
  /** Drops blobs that are not in `keep` and are older than `graceMs`; answers how many. */
  sweep(keep: ReadonlySet<string>, graceMs: number): Promise<number>
}

/** Two implementations: `sqlite/` with files beside it (embedded) and `mongo/`. */
export interface Store {
  /** Whether other processes may write to it beside this one. */
  readonly shared: boolean
  collection<T extends { readonly id: string }>(spec: CollectionSpec): Collection<T>
  /** The documents of a collection whatever its spec is, for migrations: its indexes are left as they are. */
  documents<T extends { readonly id: string }>(name: string): Collection<T>
  readonly blobs: Blobs
  /** Fails when the server or the file does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}
