import { z } from 'zod'
import { appRoute, instanceRoute, type Route } from '../../http/index.ts'
import { stepSchemas } from '../../pipeline/index.ts'
import {
  type Asked,
  answerQuery,
  explainQuery,
  parametersBody,
  type QueriesDeps,
  recallAnswer,
  rowCount,
} from './answer-query.ts'
import { nativeBody, nativePipeline } from './native-body.ts'
import { savedQueriesRoutes } from './saved-queries.routes.ts'

const dataRequest = z.strictObject({
  domain: z.string().min(1).optional(),
  pipeline: z.array(z.unknown()),
  parameters: parametersBody.nullish(),
  offset: rowCount.nullish(),
  limit: rowCount.nullish(),
})

/** Rows of a preview when the builder does not say how many. */
const previewRows = 50
/** Values of a column when nobody says how many. */
const valueRows = 1000

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
      summary:
        'Run a pipeline, or a native query of MongoDB, and get its rows; with explain=true, which rules applied and where',
      query: explainQuery,
      body: z.union([dataRequest, nativeBody]),
      handle: (ctx, { body, ...sent }) => answerQuery(deps, ctx, { ...sent, asked: askedOf(body) }),
      recall: (ctx, input) => recallAnswer(deps, ctx, input),
    }),
    appRoute({
      method: 'POST',
      url: '/query/preview',
      action: 'queries.preview',
      summary: 'Run a pipeline while it is being written: the first rows, or which step is wrong',
      query: explainQuery,
      body: dataRequest,
      handle: (ctx, { body, ...sent }) =>
        answerQuery(deps, ctx, { ...sent, asked: { ...body, limit: body.limit ?? previewRows } }),
    }),
    valuesRoute(deps),
    ...savedQueriesRoutes(deps),
  ]
}

function askedOf(body: z.output<typeof dataRequest> | z.output<typeof nativeBody>): Asked {
  if (!Array.isArray(body) && Array.isArray(body.pipeline)) {
    const request = body as z.output<typeof dataRequest>
    return { ...request, limit: request.limit ?? null }
  }
  return { ...nativePipeline(body as z.output<typeof nativeBody>), limit: null }
}

/** The values that somebody can filter a column by: those of rows that they see. */
function valuesRoute(deps: QueriesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/data/:domain/values/:column',
    action: 'data.read',
    summary: 'The different values of a column, for a filter: of the rows that you may see',
    params: z.strictObject({ app: z.string(), domain: z.string().min(1), column: z.string().min(1) }),
    query: z.strictObject({
      stage: z.string().optional(),
      search: z.string().min(1).max(200).optional(),
      offset: z.coerce.number().int().min(0).optional(),
      limit: z.coerce.number().int().min(0).max(100_000).optional(),
      ...explainQuery.shape,
    }),
    handle: (ctx, { params: { domain, column }, query: { search, offset, limit, explain }, ...sent }) => {
      // As parameters, so that nothing in an address is taken for a template.
      const named = '{{ column }}'
      const pattern = search === undefined ? '' : `(?i)${search.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`
      const found = { column: named, operator: 'matches', value: '{{ pattern }}' }
      const pipeline = [
        ...(search === undefined ? [] : [{ name: 'filter', condition: found }]),
        { name: 'uniquegroups', on: [named] },
        { name: 'sort', columns: [{ column: named, order: 'asc' }] },
      ]
      const asked = {
        domain,
        pipeline,
        parameters: { column, pattern },
        offset: offset ?? 0,
        limit: limit ?? valueRows,
      }
      return answerQuery(deps, ctx, { ...sent, query: { explain }, asked })
    },
  })
}
