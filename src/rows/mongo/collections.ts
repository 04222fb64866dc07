import type { Collection, Db, Document } from 'mongodb'
import type { ColumnType } from '../../pipeline/index.ts'

/** Raised when what documents hold, or how, changes. */
export const format = 1

const prefix = 'rows_'

/**
 * What is known about a version. It is there before its rows are, as `writing`; one write of this document makes all of them visible
 * (`whole`), and one takes them away again (`gone`), so no reader ever sees a part. Times are milliseconds since 1970.
 */
export interface VersionDocument {
  readonly _id: string
  readonly format: number
  readonly state: 'writing' | 'whole' | 'gone'
  readonly app: string
  readonly domain: string
  /** People's names are values here, and nowhere fields. */
  readonly columns: readonly (readonly [name: string, type: ColumnType])[]
  readonly count: number
  readonly bytes: number
  readonly createdAt: number
  /** When its writer was last alive; while `writing`. */
  readonly seenAt: number
  /** When it became `whole`, and `gone`. */
  readonly publishedAt?: number
  readonly goneAt?: number
}

export interface Collections {
  readonly versions: Collection<VersionDocument>
  /** The rows of one version: `{ _id, c0, c1, … }`, numbered by `_id` in their order. Null is absent. */
  rows(version: string): Collection<RowDocument>
  readonly db: Db
}

export type RowDocument = Document & { readonly _id: number }

const majority = { w: 'majority' } as const

export function collectionsOf(db: Db): Collections {
  return {
    db,
    versions: db.collection<VersionDocument>('row_versions', { readPreference: 'primary', writeConcern: majority }),
    rows: (version) => db.collection<RowDocument>(nameOf(version), { writeConcern: majority }),
  }
}

export function nameOf(version: string): string {
  return `${prefix}${version}`
}

/** The version whose collection this is, or null. */
export function versionIn(collection: string): string | null {
  return /^rows_([0-9a-hjkmnp-tv-z]{23})$/.exec(collection)?.[1] ?? null
}

/** The field of the column at a position. */
export function fieldAt(position: number): string {
  return `c${position}`
}
