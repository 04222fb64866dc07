import { z } from 'zod'
import type { Json } from '../../base/index.ts'
import { appRoute, longWork, type Route } from '../../http/index.ts'
import { type Jobs, startedAnswer, startedBody, startWork, type Work } from '../../jobs/index.ts'

/** As the original's clients send it. `async: false` waits for the end. */
const body = z
  .strictObject({
    domains: z.array(z.string().min(1)).min(1).optional(),
    notify: z.boolean().optional(),
    async: z.boolean().optional(),
  })
  .nullish()

/** How long a client of the original waits that says `async: false`. */
const patienceMs = 60_000

export function refreshRoute({ jobs }: { readonly jobs: Jobs }): Route {
  return appRoute({
    method: 'POST',
    url: '/data/preprocess',
    action: 'domains.write',
    summary: 'Refresh: read the sources of the stored domains of staging again',
    body,
    response: startedAnswer,
    async handle(ctx, { body: wanted, headers }) {
      const { domains, notify, async } = wanted ?? {}
      const args: Json = { app: ctx.app, stage: 'staging', ...(domains && { domains }) }
      const labels: Work['labels'] = notify ? { notify: 'true' } : {}
      const answer = longWork(headers, async === false ? patienceMs : 0)
      const started = await startWork(jobs, {
        ctx,
        work: [{ job: 'refresh', args, stage: 'staging', labels }],
        patienceMs: answer.patienceMs,
        key: headers['idempotency-key'],
      })
      const message = started.done ? 'The sources of staging were read.' : 'The sources of staging are being read.'
      return {
        ...answer.head(started.done, `/${ctx.app}/operations/${started.operation.id}`),
        body: startedBody(started, message),
      }
    },
  })
}
