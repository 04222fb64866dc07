import type { PermissionRecord } from '../access/index.ts'
import type { Json, JsonObject } from '../base/index.ts'

/** An uploaded file, kept as a blob. */
export interface UploadSource {
  readonly kind: 'upload'
  readonly name: string
  readonly blob: string
  readonly size: number
  /** The operation that read it first. */
  readonly operation?: string
}

/** What a connection is asked for at each refresh. `query` is as its connector takes it. */
export interface ConnectionSource {
  readonly kind: 'connection'
  readonly connection: string
  /** The type of the connection's connector, which never changes. */
  readonly connector: string
  readonly query: JsonObject
}

/** A domain whose rows are one immutable version in `rows/`; null until its source was read for the first time. */
export interface StoredDomain {
  readonly kind: 'stored'
  readonly version: string | null
  /** What its rows are read from. */
  readonly source: UploadSource | ConnectionSource | null
}

/** A domain that is read from its source when it is asked for. `query` is as the connection's connector takes it. */
export interface LiveDomain {
  readonly kind: 'live'
  readonly connection: string
  /** The type of the connection's connector, which never changes. */
  readonly connector: string
  readonly query: JsonObject
  /** How long an answer may be served from the cache; null: what the connection says. */
  readonly ttlMs: number | null
}

/** A domain that is a pipeline over other domains, worked out when it is asked for. */
export interface DerivedDomain {
  readonly kind: 'derived'
  readonly pipeline: readonly Json[]
}

export type Domain = StoredDomain | LiveDomain | DerivedDomain

/** A query that builders keep under a name, to run it and to refer to it from others. */
export interface SavedQuery {
  readonly name: string
  readonly pipeline: readonly Json[]
}

/** What a release holds besides its own identity. Content is named by version (rows) or hash (blobs). */
export interface ReleaseContent {
  readonly domains: { readonly [name: string]: Domain }
  readonly permissions: { readonly [domain: string]: readonly PermissionRecord[] }
  readonly queries: { readonly [uid: string]: SavedQuery }
}

/** One immutable state of an app. `at` is ISO 8601, `parent` the release that it was made from. */
export interface Release extends ReleaseContent {
  readonly id: string
  readonly app: string
  readonly parent: string | null
  readonly at: string
  readonly by: string
  /** The operation that made it, if one did. */
  readonly operation?: string
}

export type Change = Partial<ReleaseContent>

export const emptyContent: ReleaseContent = { domains: {}, permissions: {}, queries: {} }

export const publishedParts = ['data', 'permissions', 'queries'] as const

/** A part of a release that can be published without the others. */
export type PublishedPart = (typeof publishedParts)[number]

/** What to publish: everything (no parts named), or chosen parts; `domains` narrows the part `data` to these. */
export interface PublishRequest {
  readonly parts?: readonly PublishedPart[] | undefined
  readonly domains?: readonly string[] | undefined
}

/** An app and its two pointers. `production` is null until the first publication. */
export interface App {
  readonly id: string
  readonly name: string
  readonly createdAt: string
  readonly createdBy: string
  readonly staging: string
  readonly production: string | null
  /** Of operations that changed it or are about to, the latest last. */
  readonly fences?: readonly Fence[]
}

/** How far an operation came with an app: who may still change it, and what it did. */
export interface Fence {
  readonly operation: string
  /** The latest one that began. */
  readonly attempt: number
  /** What its effect was; null before. */
  readonly release: string | null
  /** When it began, in milliseconds since 1970. */
  readonly at: number
}
