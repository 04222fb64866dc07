import { z } from 'zod'
import { type CarriedProblem, carriedProblemSchema } from './carried-problem.ts'
import { type PlainEntry, tagOf } from './entry.ts'

/** What the bus cache holds for a key: an answer, or the error that a source gave instead. */
export type Stored =
  | { readonly kind: 'answer'; readonly entry: PlainEntry }
  | { readonly kind: 'error'; readonly problem: CarriedProblem; readonly until: number }

const headSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('answer'), key: z.string(), etag: z.string(), at: z.int() }),
  z.strictObject({ kind: z.literal('error'), key: z.string(), problem: carriedProblemSchema, until: z.int() }),
])

/** A line of JSON about the body, then the body itself. The line names the key, so that a mix-up on the way is noticed. */
export function encode(key: string, stored: Stored): Buffer {
  if (stored.kind === 'error') return Buffer.from(`${JSON.stringify({ ...stored, key })}\n`)
  const { body, etag, at } = stored.entry
  return Buffer.concat([Buffer.from(`${JSON.stringify({ kind: 'answer', key, etag, at })}\n`), body])
}

/**
 * Null for anything that `encode` has not made for this very key, whole and unaltered: it came over a network, from a server that
 * others may write to, and what is wrong in it would be wrong rows.
 */
export function decode(key: string, bytes: Buffer): Stored | null {
  const end = bytes.indexOf(10)
  if (end < 0) return null
  const head = headSchema.safeParse(readJson(bytes.toString('utf8', 0, end))).data
  if (head?.key !== key) return null
  if (head.kind === 'error') return { kind: 'error', problem: head.problem, until: head.until }
  const body = bytes.subarray(end + 1)
  return tagOf(body) === head.etag ? { kind: 'answer', entry: { body, etag: head.etag, at: head.at } } : null
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
