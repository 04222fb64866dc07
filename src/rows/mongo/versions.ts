import { LRUCache } from 'lru-cache'
import { MongoServerError } from 'mongodb'
import { type Clock, type Log, Problem } from '../../base/index.ts'
import type { VersionInfo } from '../port.ts'
import { type Collections, format, nameOf, type VersionDocument, versionIn } from './collections.ts'

/** Descriptions that are remembered, and for how long: another process may take a version away. */
const knownVersions = 1000
const knownMs = 60_000

/**
 * So long after a version was taken away its rows are dropped, in milliseconds: dropping ends the cursors over a collection, and
 * processes that remember the version may still begin to read it.
 */
const readersMs = 15 * 60_000
/** A writer that was not heard of for so long is taken for dead, in milliseconds. */
const deadWriterMs = 5 * 60_000

/** A version, and since when it is readable. */
export interface KnownVersion {
  readonly info: VersionInfo
  readonly publishedAt: number
}

export type NewVersion = Omit<VersionInfo, 'count' | 'bytes'>

/** What is known about the versions in a database, and how they come and go. */
export interface Versions {
  /** Null when there is no such version, or no longer. */
  find(version: string): Promise<KnownVersion | null>
  /** Announces a version that is about to be written. */
  begin(version: NewVersion): Promise<void>
  /** Tells that its writer is alive; false when it was taken for dead and the rows were dropped. */
  renew(version: string): Promise<boolean>
  /** Makes it visible. Errors: `storage_failed` when its writer was taken for dead. */
  publish(info: VersionInfo): Promise<void>
  /** Removes what was written of it. */
  discard(version: string): Promise<void>
  /** Takes away what is not in `keep` and was made before the moment; answers how many. */
  retire(keep: ReadonlySet<string>, before: number): Promise<number>
  /** Drops the rows of versions that are long gone, and what dead writers left. */
  sweep(): Promise<void>
}

interface VersionsDeps {
  readonly collections: Collections
  readonly clock: Clock
  readonly log: Log
}

export function createVersions(deps: VersionsDeps): Versions {
  const { collections, clock } = deps
  const { versions } = collections
  const known = new LRUCache<string, KnownVersion>({ max: knownVersions, ttl: knownMs })

  return {
    sweep: () => sweep(deps),
    find: async (version) => {
      const remembered = known.get(version)
      if (remembered) return remembered
      const document = await versions.findOne({ _id: version, state: 'whole' })
      if (!document) return null
      const found = { info: infoOf(document), publishedAt: document.publishedAt ?? document.createdAt }
      known.set(version, found)
      return found
    },
    begin: async (version) => {
      const document = documentOf({ ...version, count: 0, bytes: 0 })
      await versions.insertOne({ ...document, state: 'writing', seenAt: clock.now() })
    },
    renew: async (version) => {
      const renewed = await versions.updateOne({ _id: version, state: 'writing' }, { $set: { seenAt: clock.now() } })
      return renewed.matchedCount > 0
    },
    publish: async (info) => {
      const publishedAt = clock.now()
      const { matchedCount } = await versions.replaceOne(
        { _id: info.version, state: 'writing' },
        { ...documentOf(info), state: 'whole', seenAt: publishedAt, publishedAt },
      )
      if (matchedCount === 0) throw lostVersion()
      known.set(info.version, { info, publishedAt })
    },
    discard: async (version) => {
      const { deletedCount } = await versions.deleteOne({ _id: version, state: 'writing' })
      // Otherwise it may have become visible although nobody heard of it; then it goes like any other that nobody names.
      if (deletedCount > 0) await dropRows(collections, version)
    },
    retire: async (keep, before) => {
      const old = await versions.find({ state: 'whole', createdAt: { $lt: before } }, onlyId).toArray()
      let count = 0
      for (const { _id } of old.filter((each) => !keep.has(each._id))) {
        const gone = { state: 'gone', goneAt: clock.now() } as const
        count += (await versions.updateOne({ _id, state: 'whole' }, { $set: gone })).modifiedCount
        known.delete(_id)
      }
      return count
    },
  }
}

const onlyId = { projection: { _id: 1 } } as const

async function sweep({ collections, clock, log }: VersionsDeps): Promise<void> {
  const { versions, db } = collections
  // First the document, so that a writer that wakes up can no longer publish what is dropped here.
  const dead = { state: 'writing', seenAt: { $lt: clock.now() - deadWriterMs } } as const
  for (const { _id } of await versions.find(dead, onlyId).toArray()) {
    const { deletedCount } = await versions.deleteOne({ _id, ...dead })
    if (deletedCount === 0) continue
    log.warn({ version: _id }, 'rows that a writer left unfinished are dropped')
    await dropRows(collections, _id)
  }
  // First the rows: while the document is there, whoever sweeps next drops them again.
  const gone = { state: 'gone', goneAt: { $lt: clock.now() - readersMs } } as const
  for (const { _id } of await versions.find(gone, onlyId).toArray()) {
    await dropRows(collections, _id)
    await versions.deleteOne({ _id, ...gone })
  }
  // Collections come after their documents: one that was listed before the documents, and has none, has lost it.
  const listed = await db.listCollections({}, { nameOnly: true }).toArray()
  const announced = new Set((await versions.find({}, onlyId).toArray()).map(({ _id }) => _id))
  for (const { name } of listed) {
    const version = versionIn(name)
    if (version !== null && !announced.has(version)) await dropRows(collections, version)
  }
}

async function dropRows({ db }: Collections, version: string): Promise<void> {
  await db.dropCollection(nameOf(version)).catch((error: unknown) => {
    if (!isMissing(error)) throw error
  })
}

const namespaceNotFound = 26

/** Servers before 7 say so when there is nothing to drop. */
function isMissing(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === namespaceNotFound
}

export function lostVersion(): Problem {
  return new Problem(
    'storage_failed',
    'The rows were not written in time: this process stood still for so long that it was taken for dead.',
  )
}

function documentOf({ version, columns, ...info }: VersionInfo): Omit<VersionDocument, 'state' | 'seenAt'> {
  return { _id: version, format, ...info, columns: columns.map(({ name, type }) => [name, type] as const) }
}

/** Errors: `storage_failed` for what another release wrote. */
function infoOf(document: VersionDocument): VersionInfo {
  if (document.format !== format) {
    throw new Problem('storage_failed', 'These rows were written by another release of this program.')
  }
  const { _id: version, app, domain, count, bytes, createdAt } = document
  const columns = document.columns.map(([name, type]) => ({ name, type }))
  return { version, app, domain, columns, count, bytes, createdAt }
}
