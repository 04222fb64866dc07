import { z } from 'zod'
import type { Audit } from '../../access/index.ts'
import { Problem } from '../../base/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { appRoute, instanceRoute, type Route } from '../../http/index.ts'
import { type Jobs, type Operation, operationView, presentOperation, startedAnswer } from '../../jobs/index.ts'
import { listOperations } from './list-operations.ts'
import { operationsQuery } from './operations.schema.ts'

export interface OperationsDeps {
  readonly jobs: Jobs
  readonly catalog: Catalog
  readonly audit: Audit
}

const id = z.string().min(1).max(64)
const ofApp = z.strictObject({ app: z.string(), id })
const ofInstance = z.strictObject({ id })
const list = z.array(operationView)

/** Operations of an app for its builders, and those of the instance, which are of no app, for administrators. */
export function operationsRoutes(deps: OperationsDeps): Route[] {
  return [...appRoutes(deps), ...instanceRoutes(deps)]
}

function appRoutes({ jobs, catalog, audit }: OperationsDeps): Route[] {
  /** Those of an earlier app of the same name are nobody's. */
  const since = async (app: string) => Date.parse((await catalog.app(app)).createdAt)
  const find = async (app: string, wanted: string) => findOperation(jobs, { id: wanted, app, since: await since(app) })
  return [
    appRoute({
      ...{ method: 'GET', url: '/operations', action: 'operations.read' },
      summary: 'The operations of the app, the newest first',
      query: operationsQuery,
      response: list,
      async handle({ app }, { query }) {
        const found = await listOperations(jobs, { ...query, app, since: await since(app) })
        return { body: found.map(presentOperation) }
      },
    }),
    appRoute({
      ...{ method: 'GET', url: '/operations/:id', action: 'operations.read' },
      summary: 'How an operation of the app is going',
      params: ofApp,
      response: operationView,
      handle: async ({ app }, { params }) => ({ body: presentOperation(await find(app, params.id)) }),
    }),
    appRoute({
      ...{ method: 'GET', url: '/operations/:id/log', action: 'operations.read' },
      summary: 'What an operation of the app said, as text',
      params: ofApp,
      handle: async ({ app }, { params }) => logOf(await find(app, params.id)),
    }),
    appRoute({
      ...{ method: 'POST', url: '/operations/:id/cancel', action: 'operations.write' },
      summary: 'Cancel an operation of the app',
      params: ofApp,
      response: operationView,
      async handle({ app }, { params }) {
        await find(app, params.id)
        return { body: presentOperation(await jobs.cancel(params.id)) }
      },
    }),
    appRoute({
      ...{ method: 'POST', url: '/operations/:id/retry', action: 'operations.write' },
      summary: 'Begin an operation of the app anew that failed or was cancelled',
      params: ofApp,
      response: startedAnswer,
      async handle(ctx, { params }) {
        const { app } = ctx
        const operation = await find(app, params.id)
        const details = { operation: operation.id, retry: true }
        const event = { action: 'release.publish', target: null, app, details } as const
        const retry = () => jobs.retry(operation.id)
        return begunAgain(operation.job === 'publish' ? await audit.change(ctx, event, retry) : await retry())
      },
    }),
  ]
}

function instanceRoutes({ jobs }: OperationsDeps): Route[] {
  const find = (wanted: string) => findOperation(jobs, { id: wanted, app: null, since: 0 })
  return [
    instanceRoute({
      ...{ method: 'GET', url: '/operations', action: 'instance-operations.read' },
      summary: 'The operations of the instance, which are of no app, the newest first',
      query: operationsQuery,
      response: list,
      async handle(_ctx, { query }) {
        return { body: (await listOperations(jobs, { ...query, app: null, since: 0 })).map(presentOperation) }
      },
    }),
    instanceRoute({
      ...{ method: 'GET', url: '/operations/:id', action: 'instance-operations.read' },
      summary: 'How an operation of the instance is going',
      params: ofInstance,
      response: operationView,
      handle: async (_ctx, { params }) => ({ body: presentOperation(await find(params.id)) }),
    }),
    instanceRoute({
      ...{ method: 'GET', url: '/operations/:id/log', action: 'instance-operations.read' },
      summary: 'What an operation of the instance said, as text',
      params: ofInstance,
      handle: async (_ctx, { params }) => logOf(await find(params.id)),
    }),
    instanceRoute({
      ...{ method: 'POST', url: '/operations/:id/cancel', action: 'instance-operations.write' },
      summary: 'Cancel an operation of the instance',
      params: ofInstance,
      response: operationView,
      async handle(_ctx, { params }) {
        await find(params.id)
        return { body: presentOperation(await jobs.cancel(params.id)) }
      },
    }),
    instanceRoute({
      ...{ method: 'POST', url: '/operations/:id/retry', action: 'instance-operations.write' },
      summary: 'Begin an operation of the instance anew that failed or was cancelled',
      params: ofInstance,
      response: startedAnswer,
      async handle(_ctx, { params }) {
        await find(params.id)
        return begunAgain(await jobs.retry(params.id))
      },
    }),
  ]
}

interface Wanted {
  readonly id: string
  readonly app: string | null
  /** Milliseconds since 1970. */
  readonly since: number
}

async function findOperation(jobs: Jobs, { id: wanted, app, since }: Wanted): Promise<Operation> {
  const found = await jobs.get(wanted)
  if (found && found.app === app && found.createdAt >= since) return found
  throw new Problem('not_found', `There is no operation "${wanted}" here.`)
}

function logOf({ lines, error }: Operation) {
  const text = [...lines, ...(error ? [`${error.title}: ${error.detail}`] : [])].map((line) => `${line}\n`).join('')
  return { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text) }
}

function begunAgain({ app, id: operation }: Operation) {
  const location = app === null ? `/operations/${operation}` : `/${app}/operations/${operation}`
  return {
    status: 202,
    headers: { location },
    body: { message: 'The operation begins anew.', operation_id: operation },
  }
}
