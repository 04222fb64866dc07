import { createHash } from 'node:crypto'
import type { Json } from '../../../src/base/index.ts'
import type { Collection, Filter, Store } from '../../../src/store/index.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** Opens the same store once more, as another process would; undefined where only one may have it. */
  openAgain?(): Promise<Store>
  /** Of the clock that the store was given. */
  now(): number
  /** Lets so many milliseconds pass on the clock that the store was given. */
  passTime(ms: number): void
  /** Closes the store and removes what it kept. */
  dispose(): Promise<void>
}

export interface Doc {
  readonly id: string
  readonly [field: string]: unknown
}

interface Indexes {
  readonly unique?: string[]
  readonly indexes?: string[]
}

export function things(store: Store, spec: Indexes = {}): Collection<Doc> {
  return store.collection<Doc>({ name: 'things', ...spec })
}

/** The collection of things with these documents in it. */
export async function filled(store: Store, docs: readonly Doc[], spec: Indexes = {}) {
  const collection = things(store, spec)
  for (const doc of docs) await collection.insert(doc)
  return {
    ...collection,
    idsOf: async (filter?: Filter) => (await collection.find(filter)).map(({ doc }) => doc.id),
  }
}

/** Texts that mean something to somebody: SQL, JSON paths, operators, control characters, halves of characters. */
export const hostileTexts = [
  "'; drop table things; --",
  '" or ""="',
  '\\',
  '\\u0000',
  '\\\\u0001',
  '$where',
  '$.a',
  '%',
  '?',
  '?1',
  ':a',
  '@a',
  'a\u0000b',
  '\u0000',
  '\u0001',
  '\u0001\u0001\u0002',
  '\u0002',
  '\n\r\t\b\f\u001f\u007f',
  '\u2028\u2029\ufeff',
  'half \ud800',
  '\udc00 half',
  '🗝 ключ مفتاح',
  'null',
  '{"a":1}',
  '__proto__',
  '_bsontype',
  'toBSON',
  '$ne',
  'a.b',
  '/a',
  '\ud7ff',
  '\ud7ff\u0001',
  '\ue000',
]

export function cyclic(): Doc {
  const doc: { id: string; self?: Json } = { id: 'a' }
  doc.self = doc as Json
  return doc
}

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

export async function* chunks(content: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}
