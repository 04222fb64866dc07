import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Collection, type Db, GridFSBucket, type GridFSFile, ObjectId } from 'mongodb'
import { type Clock, Problem } from '../../base/index.ts'
import { checkRange, hashPattern, type Range } from '../blob-names.ts'
import { countBytes } from '../count-bytes.ts'
import type { Blobs } from '../port.ts'
import { duplicateKey, hasCode } from './indexes.ts'
import { once } from './once.ts'

export interface BlobsDeps {
  readonly db: Db
  readonly clock: Clock
  /** Turns the driver's errors into ours. */
  readonly failed: (error: unknown) => Problem
}

interface Parts extends BlobsDeps {
  readonly bucket: GridFSBucket
  readonly files: Collection<GridFSFile>
  /** Makes the index on names, once. */
  readonly prepare: () => Promise<void>
}

/** So long what was swept can still be read by those who began before. */
const readersPatienceMs = 3_600_000
/** After a day an upload counts as one whose process died; so long before that it gives up by itself. */
const uploadPatienceMs = 86_400_000
const longestUploadMs = uploadPatienceMs / 2

/**
 * Blobs in GridFS. A blob is the file whose name is its hash, and names are unique. It is uploaded under another name and renamed, so
 * it appears whole; what is swept is renamed first and removed an hour later.
 */
export function createBlobs(deps: BlobsDeps): Blobs {
  const bucket = new GridFSBucket(deps.db, { bucketName: 'blobs' })
  const files = deps.db.collection<GridFSFile>('blobs.files')
  const prepare = once(async () => {
    await files.createIndex({ filename: 1 }, { name: 'unique_filename', unique: true })
  })
  const parts: Parts = { ...deps, bucket, files, prepare }
  return {
    put: (content) => put(parts, content),
    get: (hash, range) => get(parts, hash, range),
    async sweep(keep, graceMs) {
      try {
        const swept = await hideOld(parts, keep, graceMs)
        await removeHidden(parts)
        await removeUnfinished(parts)
        return swept
      } catch (error) {
        throw parts.failed(error)
      }
    },
  }
}

async function put(parts: Parts, content: AsyncIterable<Uint8Array>) {
  const id = new ObjectId()
  const began = parts.clock.now()
  const counted = countBytes(content)
  try {
    await parts.prepare()
    await pipeline(Readable.from(counted.bytes()), parts.bucket.openUploadStreamWithId(id, temporaryName(id)))
    // Parts of an older one may have been swept, by whoever took this process for dead.
    if (parts.clock.now() - began > longestUploadMs) throw tooSlow()
    const written = counted.result()
    if (!(await appear(parts, id, written.hash))) await removeFile(parts, id)
    return written
  } catch (error) {
    await removeFile(parts, id).catch(() => {})
    throw (counted.failure() ?? { error: parts.failed(error) }).error
  }
}

const tooSlow = () => new Problem('storage_failed', 'An upload took longer than twelve hours. Send it again.')

const temporaryName = (id: ObjectId) => `uploading-${id.toHexString()}`
const hiddenName = (id: ObjectId) => `swept-${id.toHexString()}`

/** Makes an uploaded file the blob of this hash. False when there is one already, which then has its grace anew. */
async function appear({ files, clock }: Parts, id: ObjectId, hash: string): Promise<boolean> {
  for (;;) {
    const at = { uploadDate: new Date(clock.now()) }
    try {
      const renamed = await files.updateOne({ _id: id }, { $set: { filename: hash, ...at } })
      if (renamed.matchedCount === 0) throw tooSlow()
      return true
    } catch (error) {
      if (!hasCode(error, duplicateKey)) throw error
    }
    // None when it was swept this moment: then there is room for this one.
    if ((await files.updateOne({ filename: hash }, { $set: at })).matchedCount > 0) return false
  }
}

async function removeFile({ files, db }: Parts, id: ObjectId): Promise<void> {
  await files.deleteOne({ _id: id })
  await chunksOf(db).deleteMany({ files_id: id })
}

interface Chunk {
  readonly _id: ObjectId
  readonly files_id: ObjectId
}

const chunksOf = (db: Db) => db.collection<Chunk>('blobs.chunks')

async function get(parts: Parts, hash: string, range?: Range): Promise<AsyncIterable<Uint8Array> | null> {
  if (range !== undefined) checkRange(range)
  if (!hashPattern.test(hash)) return null
  const file = await parts.files.findOne({ filename: hash }).catch((error: unknown) => {
    throw parts.failed(error)
  })
  return file && read(parts, file, { start: range?.start ?? 0, end: Math.min(range?.end ?? file.length, file.length) })
}

/** The server is asked when somebody starts to read. */
async function* read({ bucket, failed }: Parts, file: GridFSFile, { start, end }: Range): AsyncGenerator<Uint8Array> {
  if (start >= end) return
  let missing = end - start
  try {
    for await (const chunk of bucket.openDownloadStream(file._id, { start, end }) as AsyncIterable<Uint8Array>) {
      missing -= chunk.byteLength
      yield chunk
    }
  } catch (error) {
    throw failed(error)
  }
  // The driver takes missing parts at the end for the end.
  if (missing !== 0) throw new Problem('storage_failed', 'A blob was removed while it was read. Read it again.')
}

/** Each blob is looked at again as it goes: one that was put meanwhile stays. */
async function hideOld({ files, clock }: Parts, keep: ReadonlySet<string>, graceMs: number): Promise<number> {
  const now = clock.now()
  const old = { uploadDate: { $lt: new Date(now - graceMs) } }
  let hidden = 0
  for await (const { _id, filename } of files.find(old, { projection: { filename: 1 } })) {
    if (!hashPattern.test(filename) || keep.has(filename)) continue
    const change = { $set: { filename: hiddenName(_id), uploadDate: new Date(now) } }
    hidden += (await files.updateOne({ _id, filename, ...old }, change)).modifiedCount
  }
  return hidden
}

/** Swept files that nobody reads any more, and uploads whose process died before it could rename them. */
async function removeHidden(parts: Parts): Promise<void> {
  const now = parts.clock.now()
  const before = (patienceMs: number) => ({ $lt: new Date(now - patienceMs) })
  const over = {
    $or: [
      { filename: { $regex: '^swept-' }, uploadDate: before(readersPatienceMs) },
      { filename: { $regex: '^uploading-' }, uploadDate: before(uploadPatienceMs) },
    ],
  }
  for await (const { _id } of parts.files.find(over, { projection: { _id: 1 } })) await removeFile(parts, _id)
}

/** Parts of uploads that never became a file. The id of a file tells when its upload began. */
async function removeUnfinished({ db, files, clock }: Parts): Promise<void> {
  const begun = ObjectId.createFromTime(Math.max(0, Math.floor((clock.now() - uploadPatienceMs) / 1000)))
  const chunks = chunksOf(db)
  const uploaded = await chunks.distinct('files_id', { files_id: { $lt: begun } })
  // Looked at after their parts: an upload that was ended in between has its file.
  const whole = await files.find({ _id: { $lt: begun } }, { projection: { _id: 1 } }).toArray()
  const known = new Set(whole.map(({ _id }) => _id.toHexString()))
  for (const id of uploaded) if (!known.has(id.toHexString())) await chunks.deleteMany({ files_id: id })
}
