import { z } from 'zod'
import { nearestNames, newId, Problem } from '../../base/index.ts'
import type { Release, SavedQuery } from '../../catalog/index.ts'
import { appRoute, expectedVersion, type Route } from '../../http/index.ts'
import { parsePipeline } from '../../pipeline/index.ts'
import { answerQuery, explainQuery, parametersBody, type QueriesDeps, rowCount } from './answer-query.ts'

/** Other queries name it: in paths, and in references. */
const uid = z.string().regex(/^[\w-]{1,64}$/, 'A uid has 1 to 64 letters, digits, dashes or underscores.')
const oneQuery = z.strictObject({ app: z.string(), uid })
const queryName = z.string().trim().min(1).max(200)

const saved = z.strictObject({ name: queryName, pipeline: z.array(z.json()) })
const shown = z.strictObject({ uid: z.string(), name: z.string(), pipeline: z.array(z.unknown()) })
const summary = shown.omit({ pipeline: true })

const execution = z
  .strictObject({
    parameters: parametersBody.nullish(),
    offset: rowCount.nullish(),
    limit: rowCount.nullish(),
  })
  .nullish()

/** Queries that builders keep, to run them by their uid and to refer to them from others. Part of the release, so staged and published. */
export function savedQueriesRoutes(deps: QueriesDeps): Route[] {
  return [listQueries(deps), readQuery(deps), addQuery(deps), replaceQuery(deps), removeQuery(deps), executeQuery(deps)]
}

function listQueries({ catalog }: QueriesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/query',
    action: 'data.read',
    summary: 'The saved queries of the app',
    response: z.array(summary),
    async handle({ app, stage }) {
      const { queries = {} } = await catalog.current(app, stage)
      return {
        body: Object.entries(queries)
          .map(([id, { name }]) => ({ uid: id, name }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      }
    },
  })
}

function readQuery({ catalog }: QueriesDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/query/:uid',
    action: 'queries.preview',
    summary: 'A saved query',
    params: oneQuery,
    response: shown,
    async handle({ app, stage }, { params }) {
      return { body: present(params.uid, queryIn(await catalog.current(app, stage), params.uid)) }
    },
  })
}

function addQuery(deps: QueriesDeps): Route {
  return appRoute({
    method: 'POST',
    url: '/query',
    action: 'queries.write',
    summary: 'Save a query in staging',
    body: saved.extend({ uid: uid.optional() }),
    response: shown,
    async handle({ app, principal }, { body: { uid: wanted, ...query }, headers }) {
      check(query)
      const id = wanted ?? newId(Date.now())
      const change = ({ queries = {} }: Release) => {
        if (Object.hasOwn(queries, id)) throw new Problem('conflict', `There is already a query "${id}".`)
        return { queries: { ...queries, [id]: query } }
      }
      await deps.catalog.edit(app, change, { by: principal.username, expected: expectedVersion(headers) })
      return { status: 201, body: present(id, query) }
    },
  })
}

function replaceQuery(deps: QueriesDeps): Route {
  return appRoute({
    method: 'PUT',
    url: '/query/:uid',
    action: 'queries.write',
    summary: 'Replace a saved query in staging, or save it under this uid',
    params: oneQuery,
    body: saved,
    response: shown,
    async handle({ app, principal }, { params, body, headers }) {
      check(body)
      await deps.catalog.edit(app, ({ queries = {} }) => ({ queries: { ...queries, [params.uid]: body } }), {
        by: principal.username,
        expected: expectedVersion(headers),
      })
      return { body: present(params.uid, body) }
    },
  })
}

function removeQuery({ catalog }: QueriesDeps): Route {
  return appRoute({
    method: 'DELETE',
    url: '/query/:uid',
    action: 'queries.write',
    summary: 'Remove a saved query from staging',
    params: oneQuery,
    response: z.strictObject({ message: z.string() }),
    async handle({ app, principal }, { params, headers }) {
      const change = (staging: Release) => {
        queryIn(staging, params.uid)
        const { [params.uid]: _, ...queries } = staging.queries
        return { queries }
      }
      await catalog.edit(app, change, { by: principal.username, expected: expectedVersion(headers) })
      return { body: { message: `The query "${params.uid}" is gone from staging.` } }
    },
  })
}

function executeQuery(deps: QueriesDeps): Route {
  return appRoute({
    method: 'POST',
    url: '/query/:uid/execution',
    action: 'data.read',
    summary: 'Run a saved query and get its rows',
    params: oneQuery,
    query: explainQuery,
    body: execution,
    async handle(ctx, { params, body, ...sent }) {
      queryIn(await deps.catalog.current(ctx.app, ctx.stage), params.uid)
      const pipeline = [{ name: 'domain', domain: { type: 'ref', uid: params.uid } }]
      return answerQuery(deps, ctx, { ...sent, asked: { ...body, pipeline, limit: body?.limit ?? null } })
    },
  })
}

function queryIn({ queries = {} }: Release, id: string): SavedQuery {
  const found = Object.hasOwn(queries, id) ? queries[id] : undefined
  if (found) return found
  const nearest = nearestNames(id, Object.keys(queries))
  throw new Problem('not_found', `There is no query "${id}" at this stage.`, {
    errors: nearest.length > 0 ? [{ path: '/uid', message: 'No such query.', nearest }] : [],
  })
}

/** What it refers to may be saved later; everything else has to be right. Errors: `pipeline_invalid`. */
function check({ pipeline }: SavedQuery): void {
  parsePipeline(pipeline, { mayBeNative: true, reference: () => [{ name: 'domain', domain: 'referred' }] })
}

function present(id: string, { name, pipeline }: SavedQuery): z.input<typeof shown> {
  return { uid: id, name, pipeline: [...pipeline] }
}
