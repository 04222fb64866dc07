import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { canonicalJson, Problem, sha256 } from '../base/index.ts'
import { callerOf } from './context.ts'
import { toJson } from './present.ts'
import type { Reply, Route } from './route.ts'

/** Keeps answers for a while, so that a client that lost one may ask again without doing the work twice. */
export interface IdempotencyStore {
  get(key: string): Promise<Buffer | null>
  set(key: string, answer: Buffer): Promise<void>
  /** Claims a key while its request runs, and answers what gives it back; null when somebody else has it. */
  hold(key: string): Promise<(() => Promise<void>) | null>
}

const header = 'idempotency-key'

const keptSchema = z.object({
  request: z.string(),
  status: z.number(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
})
type Kept = z.infer<typeof keptSchema>

export interface Repeatable {
  readonly route: Route
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  run(): Promise<Reply<unknown>>
}

export function hasIdempotencyKey(request: FastifyRequest): boolean {
  return request.headers[header] !== undefined
}

/**
 * Runs a POST at most once for an `Idempotency-Key`: the same caller, address and body get the first answer again, marked
 * `Idempotent-Replayed: true`. Only successes are kept, so that a failed attempt can be repeated. Errors: `conflict` for the same key
 * with another body or while the first request still runs, `invalid_request` for a key that is none.
 */
export async function runOnce(store: IdempotencyStore, repeatable: Repeatable): Promise<Reply<unknown>> {
  const { request } = repeatable
  const key = storageKey(request)
  const fingerprint = sha256(canonicalJson(request.body ?? null))
  const before = await store.get(key)
  if (before) return replay(before, fingerprint)
  const release = await store.hold(key)
  if (!release)
    throw new Problem('conflict', 'A request with this Idempotency-Key is still running.', { retryAfter: 1 })
  try {
    // Between the look and the claim the first request may have ended.
    const meanwhile = await store.get(key)
    return meanwhile ? replay(meanwhile, fingerprint) : await runAndKeep(store, { ...repeatable, key, fingerprint })
  } finally {
    await release()
  }
}

function storageKey(request: FastifyRequest): string {
  const value = String(request.headers[header])
  if (!/^[\x21-\x7e]{1,255}$/.test(value)) {
    throw new Problem('invalid_request', 'An Idempotency-Key has 1 to 255 visible ASCII characters.')
  }
  const { username } = callerOf(request).principal
  return `idempotency:${sha256(canonicalJson([username, request.method, request.url, value]))}`
}

async function runAndKeep(
  store: IdempotencyStore,
  work: Repeatable & { key: string; fingerprint: string },
): Promise<Reply<unknown>> {
  const answer = await work.run()
  const { status = answer.body === null ? 204 : 200, headers = {} } = answer
  const body = printed(work, status, answer.body)
  if (status >= 300 || body === undefined) return answer
  const kept: Kept = {
    request: work.fingerprint,
    status,
    headers: { ...headers },
    body: body?.toString('base64') ?? null,
  }
  await store.set(work.key, Buffer.from(JSON.stringify(kept)))
  return answer
}

/** The bytes of an answer; undefined for a stream, which can be sent only once. */
function printed({ route, reply }: Repeatable, status: number, body: unknown): Buffer | null | undefined {
  if (body === null || Buffer.isBuffer(body)) return body
  if (typeof body === 'object' && 'pipe' in body) return undefined
  return Buffer.from(toJson(route, reply.code(status), body))
}

function replay(stored: Buffer, fingerprint: string): Reply<unknown> {
  const { request, status, headers, body } = keptSchema.parse(JSON.parse(stored.toString()))
  if (request !== fingerprint)
    throw new Problem('conflict', 'This Idempotency-Key was used for a request with another body.')
  const marked = { 'content-type': 'application/json; charset=utf-8', ...headers, 'idempotent-replayed': 'true' }
  return { status, headers: marked, body: body === null ? null : Buffer.from(body, 'base64') }
}
