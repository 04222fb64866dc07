import { z } from 'zod'
import type { Audit } from '../../access/index.ts'
import type { Json } from '../../base/index.ts'
import { type Catalog, publishedParts, type Release } from '../../catalog/index.ts'
import { defineJob, type JobCtx, type JobDefinition } from '../../jobs/index.ts'

export interface PublishDeps {
  readonly catalog: Catalog
  readonly audit: Audit
  /** Tells that production is another release. */
  readonly published: (news: { app: string; release: string }) => void
}

/**
 * `expected`: the release that staging has to point to. `address`: of the client that asked for it, for the audit log. Who asks gives it
 * as `seen`, null when it is not known: only what is named there is left out when the same key asks again.
 */
const args = z.strictObject({
  app: z.string(),
  parts: z.array(z.enum(publishedParts)).min(1).optional(),
  domains: z.array(z.string()).min(1).optional(),
  expected: z.string().optional(),
  address: z.string().nullish(),
})

type Args = z.output<typeof args>

export const publishResult = z.object({ release: z.string(), at: z.string(), by: z.string() })

/** Moves the production pointer of an app: to all of staging, or to chosen parts of it. */
export function publishJob(deps: PublishDeps): JobDefinition {
  return defineJob<Args>({
    name: 'publish',
    version: 1,
    queue: 'fast',
    args,
    lock: ({ app }) => `publish:${app}`,
    retries: 3,
    run: (...it) => run(deps, ...it),
  })
}

async function run(deps: PublishDeps, ctx: JobCtx, { app, parts, domains, expected, address }: Args): Promise<Json> {
  const { catalog, audit } = deps
  const operation = { id: ctx.operation, attempt: ctx.attempt }
  const done = await catalog.begin(app, operation)
  if (done) return finish(deps, done)
  const { staging } = await catalog.app(app)
  const details = { parts: parts ?? null, domains: domains ?? null, operation: ctx.operation }
  const event = { action: 'release.publish', target: staging, app, by: ctx.by, details } as const
  const { requestId, log } = ctx
  const options = { by: ctx.by ?? 'laputa', expected, operation }
  const release = await audit.change({ requestId, log, ...(address && { address }) }, event, () =>
    catalog.publish(app, { parts, domains }, options),
  )
  return finish(deps, release)
}

function finish({ published }: PublishDeps, { id, app, at, by }: Release): Json {
  published({ app, release: id })
  return { release: id, at, by }
}
