import { z } from 'zod'
import type { Audit } from '../../access/index.ts'
import type { Catalog } from '../../catalog/index.ts'
import { appRoute, expectedVersion, type Route } from '../../http/index.ts'

export interface ReleasesDeps {
  readonly catalog: Catalog
  readonly audit: Audit
}

const publication = z
  .strictObject({
    parts: z
      .array(z.enum(['data', 'permissions', 'queries']))
      .min(1)
      .optional(),
    domains: z.array(z.string().min(1)).min(1).optional(),
  })
  .nullish()

const published = z.strictObject({ message: z.string(), release: z.string(), at: z.string(), by: z.string() })

export function releasesRoutes({ catalog, audit }: ReleasesDeps): Route[] {
  return [
    appRoute({
      method: 'POST',
      url: '/data/release',
      action: 'releases.publish',
      summary: 'Publish staging to production: all of it, or chosen parts',
      body: publication,
      response: published,
      async handle(ctx, { body, headers }) {
        const { app, principal } = ctx
        const options = { by: principal.username, expected: expectedVersion(headers) }
        const { staging } = await catalog.app(app)
        const { parts = null, domains = null } = body ?? {}
        const event = { action: 'release.publish', target: staging, app, details: { parts, domains } } as const
        const release = await audit.change(ctx, event, () => catalog.publish(app, body ?? {}, options))
        const message = `Production of "${app}" is now release ${release.id}.`
        return { body: { message, release: release.id, at: release.at, by: release.by } }
      },
    }),
  ]
}
