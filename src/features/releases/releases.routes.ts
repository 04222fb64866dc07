import { z } from 'zod'
import { type Json, Problem } from '../../base/index.ts'
import { type Catalog, publishedParts } from '../../catalog/index.ts'
import { appRoute, expectedVersion, longWork, type Route } from '../../http/index.ts'
import { type Jobs, startedAnswer, startedBody, startWork } from '../../jobs/index.ts'
import { publishResult } from './publish.job.ts'

export interface ReleasesDeps {
  readonly catalog: Catalog
  readonly jobs: Jobs
}

const publication = z
  .strictObject({
    parts: z.array(z.enum(publishedParts)).min(1).optional(),
    domains: z.array(z.string().min(1)).min(1).optional(),
  })
  .nullish()

/** Once it is published: which release production is now, since when, and by whom it was made. */
const published = startedAnswer.extend(publishResult.partial().shape)

export function releasesRoutes({ catalog, jobs }: ReleasesDeps): Route[] {
  return [
    appRoute({
      method: 'POST',
      url: '/data/release',
      action: 'releases.publish',
      summary: 'Publish staging to production: all of it, or chosen parts',
      body: publication,
      response: published,
      async handle(ctx, { body, headers }) {
        const { app, address } = ctx
        const expected = expectedVersion(headers)
        await checkExpected(catalog, app, expected)
        const args: Json = { app, ...body, ...(expected !== undefined && { expected }) }
        const answer = longWork(headers)
        const started = await startWork(jobs, {
          ctx,
          work: [{ job: 'publish', args, seen: { address: address ?? null }, stage: 'production' }],
          patienceMs: answer.patienceMs,
          key: headers['idempotency-key'],
        })
        const head = answer.head(started.done, `/${app}/operations/${started.operation.id}`)
        if (!started.done) return { ...head, body: startedBody(started, `"${app}" is being published.`) }
        const result = publishResult.parse(started.operation.result)
        const message = `Production of "${app}" is now release ${result.release}.`
        return { ...head, body: { ...startedBody(started, message), ...result } }
      },
    }),
  ]
}

/** Also at once, though the job looks again: who does not wait for it wants to know. */
async function checkExpected(catalog: Catalog, app: string, expected: string | undefined): Promise<void> {
  const { staging } = await catalog.app(app)
  if (expected !== undefined && expected !== staging) {
    throw new Problem('precondition_failed', `The staging of "${app}" is at another release than the one you read.`)
  }
}
