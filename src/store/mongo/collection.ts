import { BSON, type Document, type Collection as MongoCollection } from 'mongodb'
import { Problem } from '../../base/index.ts'
import { changedMeanwhile, checkId, isId, jsonText, taken, tooDeep } from '../document.ts'
import { fieldParts } from '../names.ts'
import { type Page, pageOf, unknownPlace } from '../page.ts'
import type { Collection, Filter, Stored } from '../port.ts'
import { both, type Condition, compileFilter, everything } from './filter.ts'
import { duplicateKey, expiryField, hasCode, type Index } from './indexes.ts'
import { type Key, type Keys, keysOf, orderedText, pathOf } from './keys.ts'
import { afterId, afterKey, keyFieldOf, sortOf } from './page.ts'

/** A document as MongoDB keeps it: its text, whatever JSON that is, and beside it the keys that it is found by. */
export interface Kept extends Keys {
  readonly _id: string
  /** Its version. */
  readonly v: number
  readonly t: string
  readonly [expiryField]?: Date
}

export interface DocumentsDeps {
  /** Its name in the port. */
  readonly collection: string
  readonly indexes: readonly Index[]
  readonly expires: string | undefined
  /** Runs an operation on the collection when that is prepared, and turns the driver's errors into ours. */
  run<R>(work: (at: MongoCollection<Kept & Document>) => Promise<R>): Promise<R>
}

const asStored = { projection: { _id: 0, v: 1, t: 1 } } as const

export function createDocuments<T extends { readonly id: string }>(deps: DocumentsDeps): Collection<T> {
  const { collection, run } = deps

  async function get(id: string): Promise<Stored<T> | null> {
    const found = await run((at) => at.findOne(byId(id), asStored))
    return found && stored<T>(found)
  }

  async function insert(doc: T): Promise<Stored<T>> {
    const { kept, read } = keep(deps, doc, 1)
    await run((at) => at.insertOne(kept).catch(refused(deps)))
    return { doc: read as T, version: 1 }
  }

  async function replace(doc: T, ifVersion: number): Promise<Stored<T>> {
    const { id } = doc
    const { kept, read } = keep(deps, doc, ifVersion + 1)
    const which = { ...byId(id), ...ofVersion(ifVersion) }
    const { matchedCount } = await run((at) => at.replaceOne(which, kept).catch(refused(deps)))
    if (matchedCount === 0) throw changedMeanwhile(collection, id)
    return { doc: read as T, version: ifVersion + 1 }
  }

  async function remove(id: string, ifVersion?: number): Promise<boolean> {
    const which = ifVersion === undefined ? byId(id) : { ...byId(id), ...ofVersion(ifVersion) }
    const { deletedCount } = await run((at) => at.deleteOne(which))
    if (deletedCount === 0 && ifVersion !== undefined && (await get(id)) !== null)
      throw changedMeanwhile(collection, id)
    return deletedCount > 0
  }

  return {
    get: async (id) => (isId(id) ? get(id) : null),
    async find(filter, options = {}) {
      const page = pageOf(options)
      const where = filter === undefined ? everything : compileFilter(filter)
      return (await run((at) => findPage(at, where, page))).map(stored<T>)
    },
    insert,
    replace,
    remove: async (id, ifVersion) => isId(id) && remove(id, ifVersion),
    async count(filter) {
      const where = filter === undefined ? everything : compileFilter(filter)
      return run((at) => at.countDocuments(where))
    },
    // Other processes write, and nobody tells this one.
    changes: () => undefined,
  }
}

/** Removes what matches. Each document is looked at again as it goes: one that was written meanwhile stays. */
export async function drop({ run }: DocumentsDeps, filter: Filter): Promise<void> {
  await run((at) => at.deleteMany(compileFilter(filter)))
}

const byId = (id: string) => ({ _id: { $eq: orderedText(id) } })
const ofVersion = (version: number) => ({ v: { $eq: version } })

async function findPage(at: MongoCollection<Kept & Document>, where: Condition, page: Page): Promise<Document[]> {
  const { after, limit } = page
  const keyField = keyFieldOf(page)
  const start =
    keyField === undefined || after === undefined
      ? afterId(page)
      : afterKey(keyField, { ...page, after, key: await placeOf(at, keyField, after) })
  // MongoDB takes 0 for no limit.
  if (limit === 0) return []
  const found = at.find(both(where, start), asStored).sort(sortOf(page))
  return (limit === undefined ? found : found.limit(limit)).toArray()
}

/** Where a document stands in an order. Errors: `invalid_request` when it is gone. */
async function placeOf(at: MongoCollection<Kept & Document>, keyField: string, id: string): Promise<Key | null> {
  const found = await at.findOne(byId(id), { projection: { [keyField]: 1 } })
  if (!found) throw unknownPlace()
  const key: unknown = (found.k as Document | undefined)?.[keyField.slice(2)]
  return typeof key === 'number' || typeof key === 'string' ? key : null
}

/** Deeper than this some JSON parsers fail, SQLite's among them. */
const deepest = 1000

/** What is kept of a document, and what reading it will give: that is what its keys are of, without what JSON leaves out. */
function keep(
  { collection, expires }: DocumentsDeps,
  doc: { readonly id: string },
  version: number,
): { readonly kept: Kept; readonly read: object } {
  checkId(doc, collection)
  const text = jsonText(doc)
  const read: object = JSON.parse(text)
  if (isDeeper(read, deepest)) throw tooDeep()
  const keys = keysOf(read)
  const at = expires === undefined ? undefined : keys.k.get(pathOf(fieldParts(expires)))
  const date = typeof at === 'number' && Math.abs(at) <= farthest ? { [expiryField]: new Date(at) } : {}
  const kept = { _id: orderedText(doc.id), v: version, t: text, ...keys, ...date }
  checkSize(kept)
  return { kept, read }
}

/** The last time that a date can hold. */
const farthest = 8.64e15

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1))
}

/** Tells which field is taken, when that is what an error says. */
function refused({ collection, indexes }: DocumentsDeps): (error: unknown) => never {
  return (error) => {
    if (!hasCode(error, duplicateKey)) throw error
    const name = /index: (\S+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? ''
    if (name.includes('_id_')) throw taken(collection, 'id')
    const index = indexes.find((candidate) => candidate.name === name)
    throw taken(collection, index?.field ?? 'value')
  }
}

/** MongoDB would close the connection over a document that is too large, and say no more. */
function checkSize(kept: Kept): void {
  if (kept.t.length < surelySmall || bsonSize(kept) <= largest) return
  throw new Problem('too_large', 'A document is larger than 16 MiB, the most that MongoDB keeps.')
}

const largest = 16 * 1024 * 1024
/** The keys are at most forty times the text: long paths to short values. */
const surelySmall = 200_000

function bsonSize(kept: Kept): number {
  try {
    return BSON.serialize(kept).byteLength
  } catch (error) {
    // The driver's buffer is a little larger than the largest document.
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY
    throw error
  }
}

/** That the document has the collection's type is the promise of the one file that writes the collection. */
function stored<T>({ v, t }: Pick<Kept, 'v' | 't'> | Document): Stored<T> {
  return { version: Number(v), doc: JSON.parse(t) as T }
}
