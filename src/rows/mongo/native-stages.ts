import { setImmediate as nextTurn } from 'node:timers/promises'
import { BSON, Decimal128, type Document, Long } from 'mongodb'
import type { CompiledMongo } from '../../pipeline/index.ts'
import type { NativeDocument } from '../port.ts'
import { readStages } from '../stages/read-stages.ts'
import { tooManyDocuments, tooMuchMemory } from '../stages/run-stages.ts'

/** MongoDB takes as many stages. */
const mostStages = 1000

/**
 * No stage is moved to before it by MongoDB, which else tries conditions of a native query on rows that the rules keep back: what such
 * a condition fails with would tell about them. It is more rows than there can be.
 */
const barrier: Document = { $limit: Number.MAX_SAFE_INTEGER }

/**
 * What one answer may hold, as MongoDB counts it. Made of small parts it takes several times as much in this process, which has no thread
 * of its own for it to end in.
 */
const largestAnswerMb = 64

/** Tells about our user at the server, which is nobody's business. */
const ofTheServer = /\$\$(USER_ROLES|SEARCH_META|CLUSTER_TIME)/

/**
 * A compiled query and behind it the stages of a native one, which see its rows as documents with the names that people know. Null where
 * that cannot be: MongoDB has no field with a NUL in its name.
 */
export function withNativeStages(compiled: CompiledMongo, stages: string): Document[] | null {
  const own = readStages(stages)
  const names = compiled.columns.map(({ name }) => name)
  if (compiled.stages.length + own.length + 3 > mostStages || names.some((name) => name.includes('\0'))) return null
  if (ofTheServer.test(stages)) return null
  const members = compiled.columns.map(({ id, name }) => ({ k: { $literal: name }, v: { $ifNull: [`$${id}`, null] } }))
  // Names may have dots and dollar signs, which no other stage writes.
  const named: Document = { $replaceWith: { $arrayToObject: { $concatArrays: [members] } } }
  return [...compiled.stages, barrier, named, ...own]
}

/** The documents of an answer. Errors: `too_many_rows`; `query_failed` when they are too large; and those of the batches. */
export async function plainDocuments(
  batches: AsyncIterable<readonly Document[]>,
  maxRows: number,
): Promise<NativeDocument[]> {
  const documents: NativeDocument[] = []
  let bytes = 0
  for await (const batch of batches) {
    for (const document of batch) {
      bytes += BSON.calculateObjectSize(document)
      if (bytes > largestAnswerMb * 2 ** 20) throw tooMuchMemory(largestAnswerMb)
      documents.push(plainDocument(document))
    }
    if (documents.length > maxRows) throw tooManyDocuments(maxRows)
    await nextTurn()
  }
  return documents
}

/** A document in values of columns, documents and lists; what is none of them becomes its text. */
function plainDocument(document: Document): NativeDocument {
  return plainValue(document) as NativeDocument
}

function plainValue(value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (Array.isArray(value)) return value.map(plainValue)
  if (typeof value !== 'object') return value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value
  if (value instanceof Long) return value.toBigInt()
  if (value instanceof Decimal128) return Number(value.toString())
  if (Object.getPrototypeOf(value) !== Object.prototype) return String(value)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainValue(inner)]))
}
