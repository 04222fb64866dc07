import type { PermissionRecord } from '../access/index.ts'

/** A domain whose rows are one immutable version in `rows/`. `source` is the uploaded file that it was read from, kept as a blob. */
export interface StoredDomain {
  readonly kind: 'stored'
  readonly version: string
  readonly source: { readonly name: string; readonly blob: string; readonly size: number } | null
}

/** What a release holds besides its own identity. Content is named by version (rows) or hash (blobs). */
interface ReleaseContent {
  readonly domains: { readonly [name: string]: StoredDomain }
  readonly permissions: { readonly [domain: string]: readonly PermissionRecord[] }
}

/** One immutable state of an app. `at` is ISO 8601, `parent` the release that it was made from. */
export interface Release extends ReleaseContent {
  readonly id: string
  readonly app: string
  readonly parent: string | null
  readonly at: string
  readonly by: string
}

export type Change = Partial<ReleaseContent>

export const emptyContent: ReleaseContent = { domains: {}, permissions: {} }

/** What to publish: everything (no parts named), or chosen parts; `domains` narrows the part `data` to these. */
export interface PublishRequest {
  readonly parts?: readonly ('data' | 'permissions')[] | undefined
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
}
