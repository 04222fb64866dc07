import { z } from 'zod'
import type { AppCtx } from '../../access/index.ts'
import type { JsonObject } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import type { Answer, Data } from '../../data/index.ts'
import { appRoute, instanceRoute, type Reply, type Route } from '../../http/index.ts'
import { stepSchemas } from '../../pipeline/index.ts'

export interface QueriesDeps {
  readonly catalog: Catalog
  readonly data: Data
}

const dataRequest = z.strictObject({
  domain: z.string().min(1).optional(),
  pipeline: z.array(z.unknown()),
  parameters: z.record(z.string(), z.json()).nullish(),
  offset: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
  limit: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullish(),
})

/** Rows of a preview when the builder does not say how many. */
const previewRows = 50

const stepsResponse = z.array(
  z.strictObject({ name: z.string(), summary: z.string(), schema: z.record(z.string(), z.unknown()) }),
)

export function queriesRoutes(deps: QueriesDeps): Route[] {
  return [
    instanceRoute({
      method: 'GET',
      url: '/pipeline/steps',
      action: 'steps.read',
      summary: 'Every step of the pipeline language with its JSON Schema, for query builders',
      response: stepsResponse,
      handle: async () => ({ body: stepSchemas().map((step) => ({ ...step, schema: { ...step.schema } })) }),
    }),
    appRoute({
      method: 'POST',
      url: '/data',
      action: 'data.read',
      summary: 'Run a pipeline and get its rows',
      body: dataRequest,
      handle: (ctx, input) => answerQuery(deps, ctx, { ...input, limit: input.body.limit ?? null }),
    }),
    appRoute({
      method: 'POST',
      url: '/query/preview',
      action: 'queries.preview',
      summary: 'Run a pipeline while it is being written: the first rows, or which step is wrong',
      body: dataRequest,
      handle: (ctx, input) => answerQuery(deps, ctx, { ...input, limit: input.body.limit ?? previewRows }),
    }),
  ]
}

interface QueryInput {
  readonly body: z.output<typeof dataRequest>
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly startedAt: number
  readonly limit: number | null
}

async function answerQuery({ catalog, data }: QueriesDeps, ctx: AppCtx, input: QueryInput): Promise<Reply<never>> {
  const { body, headers, startedAt, limit } = input
  const release = await catalog.current(ctx.app, ctx.stage)
  const answer = await data.run(ctx, release, {
    domain: body.domain,
    pipeline: body.pipeline,
    parameters: (body.parameters ?? {}) as JsonObject,
    offset: body.offset ?? 0,
    limit,
    fresh: /\bno-cache\b/i.test(headers['cache-control'] ?? ''),
  })
  return { headers: answerHeaders(answer, performance.now() - startedAt), body: answer.body }
}

function answerHeaders({ etag, cache, ageMs, timings, dataVersion }: Answer, total: number): Record<string, string> {
  const phases = Object.entries({ ...timings, total }).map(([phase, ms]) => `${phase};dur=${ms.toFixed(1)}`)
  return {
    'content-type': 'application/json; charset=utf-8',
    // The bytes belong to whoever asked: only a private cache may keep them, and must ask again before using them.
    'cache-control': 'private, no-cache',
    vary: 'Authorization, Cookie',
    etag,
    age: String(Math.floor(ageMs / 1000)),
    'x-cache': cache,
    'x-data-version': dataVersion,
    'server-timing': phases.join(', '),
  }
}
