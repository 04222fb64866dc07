import { z } from 'zod'
import { type Clock, canonicalJson, Problem, sha256 } from '../../base/index.ts'
import type { Upload } from '../../http/index.ts'
import type { Store } from '../../store/index.ts'
import type { Chunk, ChunkStore } from './chunks.store.ts'
import { type ReceivedFile, tooLarge } from './uploads.ts'

/** What the original's clients say about a part of a file, in fields of the form. */
const chunkFields = z.object({
  dzuuid: z.string().regex(/^[\w-]{1,64}$/, 'A dzuuid has 1 to 64 letters, digits, dashes or underscores.'),
  dzchunkindex: z.coerce.number().int().min(0),
  dztotalchunkcount: z.coerce.number().int().min(1).max(10_000),
  dzchunkbyteoffset: z.coerce.number().int().min(0),
  dztotalfilesize: z.coerce.number().int().min(1),
})

export type ChunkFields = z.output<typeof chunkFields>

export interface ChunkedUploadsDeps {
  readonly store: Store
  readonly chunks: ChunkStore
  readonly clock: Clock
  /** Of a whole file. */
  readonly limitBytes: number
}

export interface ReceivedChunk {
  readonly app: string
  readonly by: string
  readonly fields: ChunkFields
  readonly part: ReceivedFile
}

export type ChunkProgress =
  | { readonly whole: null; readonly received: number }
  /** `id` is what the parts are kept under: until `end`, sending any of them again gives the whole again. */
  | { readonly whole: ReceivedFile; readonly id: string }

/** Files that come in parts, in any order, each in a request of its own, which any process may be given. */
export interface ChunkedUploads {
  /** What the form says about a part; null when it holds a whole file. Errors: `invalid_request`, `too_large`. */
  read(fields: Upload['fields']): ChunkFields | null
  /** Keeps a part; puts the file together when it was the last one. Errors: `invalid_request` when the parts do not fit. */
  add(chunk: ReceivedChunk): Promise<ChunkProgress>
  /** Forgets the parts of a file. */
  end(id: string): Promise<void>
}

/** How long a file may take to come in. */
const longestMs = 24 * 3_600_000

export function createChunkedUploads(deps: ChunkedUploadsDeps): ChunkedUploads {
  return {
    read: (fields) => readFields(fields, deps.limitBytes),
    add: (chunk) => add(deps, chunk),
    end: (id) => deps.chunks.remove(id),
  }
}

function readFields(fields: Upload['fields'], limitBytes: number): ChunkFields | null {
  if (fields.dzuuid === undefined) return null
  const read = chunkFields.safeParse(fields)
  if (!read.success) {
    const errors = read.error.issues.map(({ path, message }) => ({ path: `/${path.join('/')}`, message }))
    throw new Problem('invalid_request', 'The part of the file is not described as it should be.', { errors })
  }
  const { dzchunkindex, dztotalchunkcount, dztotalfilesize } = read.data
  if (dztotalfilesize > limitBytes) throw tooLarge(limitBytes)
  if (dzchunkindex >= dztotalchunkcount) throw misfit('/dzchunkindex', 'There are fewer parts than that.')
  return read.data
}

async function add({ store, chunks, clock }: ChunkedUploadsDeps, chunk: ReceivedChunk): Promise<ChunkProgress> {
  const { app, by, part, fields } = chunk
  const { dzuuid, dzchunkindex: index, dzchunkbyteoffset: offset, dztotalchunkcount: count } = fields
  // Of one person and app: nobody completes the file of somebody else.
  const id = sha256(canonicalJson([app, by, dzuuid])).slice(0, 32)
  const at = clock.now()
  await chunks.keep({ upload: id, index, offset, ...part, at, expiresAt: at + longestMs })
  const received = await chunks.count(id)
  if (received < count) return { whole: null, received }
  const kept = await chunks.of(id)
  checkFit(kept, fields)
  const { hash: blob, size } = await store.blobs.put(contentOf(store, kept))
  return { whole: { blob, size }, id }
}

function checkFit(chunks: readonly Chunk[], { dztotalchunkcount, dztotalfilesize }: ChunkFields): void {
  let end = 0
  for (const [place, { index, offset, size }] of chunks.entries()) {
    if (index !== place || offset !== end)
      throw misfit('/dzchunkbyteoffset', `Part ${place} does not follow the one before.`)
    end += size
  }
  if (chunks.length !== dztotalchunkcount || end !== dztotalfilesize) {
    throw misfit('/dztotalfilesize', `The parts have ${end} bytes together.`)
  }
}

async function* contentOf(store: Store, chunks: readonly Chunk[]): AsyncGenerator<Uint8Array> {
  for (const { blob, index } of chunks) {
    const content = await store.blobs.get(blob)
    if (!content) throw misfit('/dzchunkindex', `Part ${index} is no longer kept: send it again.`)
    yield* content
  }
}

function misfit(path: string, message: string): Problem {
  return new Problem('invalid_request', `The parts of the file do not fit. ${message}`, { errors: [{ path, message }] })
}
