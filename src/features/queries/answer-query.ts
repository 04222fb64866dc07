import { z } from 'zod'
import type { AppCtx, Principal } from '../../access/index.ts'
import type { JsonObject } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { type Answer, type Data, withExplanation } from '../../data/index.ts'
import type { Reply } from '../../http/index.ts'

export interface QueriesDeps {
  readonly catalog: Catalog
  readonly data: Data
}

export const rowCount = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
export const parametersBody = z.record(z.string(), z.json())
/** What may stand behind the `?` of every address that answers with rows. Older clients put other things there. */
export const explainQuery = z.looseObject({ explain: z.enum(['true', 'false']).optional() })

/** What somebody asks for, however it was sent. */
export interface Asked {
  readonly domain?: string | undefined
  readonly pipeline: unknown
  readonly parameters?: Readonly<Record<string, unknown>> | null | undefined
  readonly offset?: number | null | undefined
  readonly limit: number | null
}

interface Sent {
  /** The body, where it alone says what is asked for. */
  readonly bytes?: Buffer | undefined
  readonly query?: { readonly explain?: 'true' | 'false' | undefined } | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly startedAt: number
}

interface Wish {
  readonly asked: Asked
  /** With whose rights the caller looks; only builders may. */
  readonly viewAs?: Principal
}

/** Runs a query through the door and makes its reply: bytes as they came, with what there is to say about them in headers. */
export async function answerQuery(
  { catalog, data }: QueriesDeps,
  ctx: AppCtx,
  { asked, viewAs, bytes, query, headers, startedAt }: Sent & Wish,
): Promise<Reply<never>> {
  const release = await catalog.current(ctx.app, ctx.stage)
  const answer = await data.run(ctx, release, {
    domain: asked.domain,
    pipeline: asked.pipeline,
    parameters: (asked.parameters ?? {}) as JsonObject,
    offset: asked.offset ?? 0,
    limit: asked.limit,
    fresh: wantsFresh(headers),
    explain: query?.explain === 'true',
    viewAs,
    bytes,
  })
  return replyOf(answer, startedAt)
}

/** The reply to a request that `answerQuery` has answered before. */
export function recallAnswer(
  { catalog, data }: QueriesDeps,
  ctx: AppCtx,
  { bytes, headers, startedAt }: Sent & { readonly bytes: Buffer },
): Reply<never> | undefined {
  const release = wantsFresh(headers) ? undefined : catalog.recallCurrent(ctx.app, ctx.stage)
  const answer = release === undefined ? undefined : data.recall(ctx, release, bytes)
  return answer && replyOf(answer, startedAt)
}

function wantsFresh(headers: Sent['headers']): boolean {
  const asked = headers['cache-control']
  return asked !== undefined && /\bno-cache\b/i.test(asked)
}

function replyOf(answer: Answer, startedAt: number): Reply<never> {
  if (answer.explanation) return explainedReply(answer, { explanation: answer.explanation, startedAt })
  return {
    headers: answerHeaders(answer, performance.now() - startedAt),
    body: answer.body,
    compressed: answer.forms?.get,
  }
}

/** An explanation is of this one answer: nobody keeps it, and there is no tag to ask for it again. */
function explainedReply(
  answer: Answer,
  { explanation, startedAt }: { explanation: NonNullable<Answer['explanation']>; startedAt: number },
): Reply<never> {
  const { etag: _, ...headers } = answerHeaders(answer, performance.now() - startedAt)
  return { headers: { ...headers, 'cache-control': 'no-store' }, body: withExplanation(answer.body, explanation) }
}

function answerHeaders(
  { etag, cache, ageMs, timings, dataVersion, forms }: Answer,
  total: number,
): Record<string, string> {
  return {
    'content-type': 'application/json; charset=utf-8',
    // The bytes belong to whoever asked: only a private cache may keep them, and must ask again before using them.
    'cache-control': 'private, no-cache',
    vary: forms ? 'Authorization, Cookie, Accept-Encoding' : 'Authorization, Cookie',
    etag,
    age: String(Math.floor(ageMs / 1000)),
    'x-cache': cache,
    'x-data-version': dataVersion,
    'server-timing': `${phasesOf(timings)}total;dur=${total.toFixed(1)}`,
  }
}

function phasesOf(timings: Answer['timings']): string {
  let text = ''
  for (const [phase, ms] of Object.entries(timings)) text += `${phase};dur=${ms.toFixed(1)}, `
  return text
}
