import { isProblem } from '../../base/index.ts'
import type { Store } from '../../store/index.ts'

/** A part of a file that comes in several requests. */
export interface Chunk {
  readonly id: string
  /** Of which file. */
  readonly upload: string
  /** From 0. */
  readonly index: number
  /** Where in the file it begins, in bytes. */
  readonly offset: number
  readonly blob: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly at: number
  /** What is not complete by then is given up. */
  readonly expiresAt: number
}

export interface ChunkStore {
  /** One that was sent before is replaced. */
  keep(chunk: Omit<Chunk, 'id'>): Promise<void>
  /** How many parts have come. */
  count(upload: string): Promise<number>
  /** In their order. */
  of(upload: string): Promise<Chunk[]>
  remove(upload: string): Promise<void>
  /** When the oldest one came that is still kept. */
  oldest(): Promise<number | null>
}

export function createChunkStore(store: Store): ChunkStore {
  const chunks = store.collection<Chunk>({ name: 'chunks', indexes: ['upload', 'at'], expires: 'expiresAt' })
  const of = async (upload: string) => (await chunks.find({ field: 'upload', eq: upload })).map(({ doc }) => doc)
  return {
    async keep(chunk) {
      const doc = { ...chunk, id: `${chunk.upload}-${chunk.index}` }
      const before = await chunks.get(doc.id)
      try {
        await (before ? chunks.replace(doc, before.version) : chunks.insert(doc))
      } catch (error) {
        // Somebody sends the same one at the same time.
        if (!isProblem(error, 'conflict') && !isProblem(error, 'precondition_failed')) throw error
      }
    },
    count: (upload) => chunks.count({ field: 'upload', eq: upload }),
    of: async (upload) => (await of(upload)).sort((a, b) => a.index - b.index),
    async remove(upload) {
      for (const { id } of await of(upload)) await chunks.remove(id)
    },
    async oldest() {
      const [first] = await chunks.find(undefined, { sort: { field: 'at', order: 'asc' }, limit: 1 })
      return first?.doc.at ?? null
    },
  }
}
