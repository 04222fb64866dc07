import { z } from 'zod'
import { Problem } from '../../base/index.ts'
import { appRoute, longWork, type Route } from '../../http/index.ts'
import { type Jobs, startedBody, startWork } from '../../jobs/index.ts'
import { workOf } from './named-operations.ts'
import { namedAnswer, namedOperations } from './operations.schema.ts'

/** How long a client of the original waits that says `async: false`. */
const patienceMs = 60_000

export function namedOperationsRoute({ jobs }: { readonly jobs: Jobs }): Route {
  return appRoute({
    method: 'POST',
    url: '/config/operations',
    action: 'operations.write',
    summary: 'Start operations by their names, one after the other',
    query: z.strictObject({ notify: z.enum(['true', 'false']).optional() }),
    body: namedOperations,
    response: namedAnswer,
    async handle(ctx, { body, query, headers }) {
      const { operations: names, origin, notify = query.notify === 'true', async } = body
      const labels = { ...(notify && { notify: 'true' }), ...(origin !== undefined && { origin }) }
      const [first, ...others] = workOf(ctx, names).map((work) => ({ ...work, labels }))
      if (!first) throw new Problem('internal', 'Names of operations gave no work.')
      const answer = longWork(headers, async === false ? patienceMs : 0)
      const key = headers['idempotency-key']
      const started = await startWork(jobs, { ctx, work: [first, ...others], patienceMs: answer.patienceMs, key })
      const operations = started.operations.map(({ id, job }) => ({ operation_id: id, job }))
      const message = started.done ? 'The operations are done.' : 'The operations have been started.'
      return {
        ...answer.head(started.done, `/${ctx.app}/operations/${started.operation.id}`),
        body: { ...startedBody(started, message), operations },
      }
    },
  })
}
