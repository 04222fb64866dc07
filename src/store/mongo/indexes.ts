import type { Document, Collection as MongoCollection } from 'mongodb'
import { notUnique } from '../document.ts'
import { fieldParts } from '../names.ts'
import type { CollectionSpec } from '../port.ts'
import { pathOf } from './keys.ts'

export interface Index {
  readonly name: string
  /** Of the spec; what it keeps unique, if it does. */
  readonly field: string
  readonly key: Readonly<Record<string, 1>>
  readonly options: { readonly unique?: true; readonly sparse?: true; readonly expireAfterSeconds?: number }
}

/** The date at which a document may go, for MongoDB's own sweep. */
export const expiryField = 'x'

/** Errors: `internal` for what cannot be a field. Named by what they are, so that an index that should be another one has another name. */
export function indexesOf(spec: CollectionSpec): Index[] {
  const { unique = [], indexes = [], expires } = spec
  const searched = new Set([...unique, ...indexes, ...(expires === undefined ? [] : [expires])])
  return [
    ...unique.map(uniqueIndex),
    ...[...searched].filter((field) => field !== 'id').map(searchIndex),
    ...(expires === undefined ? [] : [expiryIndex(expires)]),
  ]
}

/** Sparse: documents without a key do not count. It cannot serve searches for nothing and orders, so there is a plain one too. */
function uniqueIndex(field: string): Index {
  const path = pathOf(fieldParts(field))
  return { name: `unique_${path}`, field, key: { [`k.${path}`]: 1 }, options: { unique: true, sparse: true } }
}

function searchIndex(field: string): Index {
  const path = pathOf(fieldParts(field))
  return { name: `search_${path}`, field, key: { [`k.${path}`]: 1, _id: 1 }, options: {} }
}

function expiryIndex(field: string): Index {
  return { name: 'expiry', field, key: { [expiryField]: 1 }, options: { expireAfterSeconds: 0 } }
}

/** Makes what is missing and drops what the spec no longer names. Several processes may do so at once. */
export async function reconcileIndexes(at: MongoCollection<Document>, spec: CollectionSpec): Promise<void> {
  const wanted = indexesOf(spec)
  const existing = await namesOf(at)
  for (const { name, key, options } of wanted) {
    if (existing.includes(name)) continue
    try {
      await at.createIndex(key, { name, ...options })
    } catch (error) {
      if (hasCode(error, duplicateKey)) throw notUnique(spec.name, error)
      throw error
    }
  }
  for (const name of existing) {
    if (name === '_id_' || wanted.some((index) => index.name === name)) continue
    await at.dropIndex(name).catch((error: unknown) => {
      if (!hasCode(error, indexNotFound)) throw error
    })
  }
}

async function namesOf(at: MongoCollection<Document>): Promise<string[]> {
  try {
    return (await at.listIndexes().toArray()).map(({ name }) => String(name))
  } catch (error) {
    if (hasCode(error, namespaceNotFound)) return []
    throw error
  }
}

export const duplicateKey = 11000
const namespaceNotFound = 26
const indexNotFound = 27

export function hasCode(error: unknown, code: number): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
