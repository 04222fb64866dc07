import { z } from 'zod'
import { type Audit, authorize, type Principal, privilegeOn } from '../../access/index.ts'
import { isProblem, Problem } from '../../base/index.ts'
import type { App, Catalog } from '../../catalog/index.ts'
import { instanceRoute, type Route } from '../../http/index.ts'
import { type AppSummary, appId, appSummary, newApp } from './apps.schema.ts'
import { isReserved } from './reserved.ts'

export interface AppsDeps {
  readonly catalog: Catalog
  /** Takes every privilege on an app away from everybody, so that a later app of the same name starts without viewers. */
  readonly revokeApp: (app: string) => Promise<void>
  /** Removes what is kept of an app outside of its releases. */
  readonly removeBelongings: (app: string) => Promise<void>
  /** Ends what is being done with an app in the background. */
  readonly cancelOperations: (app: string) => Promise<void>
  readonly audit: Audit
}

const params = z.strictObject({ id: appId })

export function appsRoutes(deps: AppsDeps): Route[] {
  return [listApps(deps), createApp(deps), readApp(deps), removeApp(deps)]
}

function listApps({ catalog }: AppsDeps): Route {
  return instanceRoute({
    method: 'GET',
    url: '/small-apps',
    action: 'apps.list',
    summary: 'The apps that you may see',
    response: z.array(appSummary),
    async handle({ principal }) {
      const apps = (await catalog.apps()).filter((app) => privilegeOn(principal, app.id) !== null)
      const summaries = await Promise.all(apps.map((app) => summarise(catalog, app, principal).catch(nullWhenGone)))
      return { body: summaries.filter((entry) => entry !== null) }
    },
  })
}

function createApp({ catalog, audit }: AppsDeps): Route {
  return instanceRoute({
    method: 'POST',
    url: '/small-apps',
    action: 'apps.create',
    summary: 'Create an app',
    body: newApp,
    response: appSummary,
    async handle(ctx, { body }) {
      const { principal } = ctx
      if (isReserved(body.id)) {
        throw new Problem('conflict', `"${body.id}" is the name of a part of the API; choose another id.`)
      }
      const create = () => catalog.createApp({ ...body, by: principal.username })
      const event = { action: 'app.create', target: body.id, app: body.id, details: { name: body.name } } as const
      const app = await audit.change(ctx, event, create)
      const headers = { location: `/small-apps/${app.id}` }
      return { status: 201, headers, body: await summarise(catalog, app, principal) }
    },
  })
}

function readApp({ catalog }: AppsDeps): Route {
  return instanceRoute({
    method: 'GET',
    url: '/small-apps/:id',
    action: 'apps.list',
    summary: 'One app',
    params,
    response: appSummary,
    async handle({ principal }, { params: { id } }) {
      authorize(principal, 'apps.read', { app: id })
      return { body: await summarise(catalog, await catalog.app(id), principal) }
    },
  })
}

function removeApp({ catalog, audit, ...deps }: AppsDeps): Route {
  async function remove(id: string): Promise<void> {
    // First the privileges: after a crash in between, an app that nobody sees can be removed again.
    await deps.revokeApp(id)
    await deps.cancelOperations(id)
    await deps.removeBelongings(id)
    await catalog.removeApp(id)
    // Again, for those that were made in between; from here on none can be.
    await deps.removeBelongings(id)
    await deps.cancelOperations(id)
  }

  return instanceRoute({
    method: 'DELETE',
    url: '/small-apps/:id',
    action: 'apps.list',
    summary: 'Remove an app with all its releases and connections',
    params,
    response: z.strictObject({ message: z.string() }),
    async handle(ctx, { params: { id } }) {
      authorize(ctx.principal, 'apps.remove', { app: id })
      await catalog.app(id)
      await audit.change(ctx, { action: 'app.remove', target: id, app: id }, () => remove(id))
      return { body: { message: `The app "${id}" is gone.` } }
    },
  })
}

async function summarise(catalog: Catalog, app: App, principal: Principal): Promise<AppSummary> {
  const privilege = privilegeOn(principal, app.id) ?? 'view'
  const release = await catalog.current(app.id, privilege === 'view' ? 'production' : 'staging')
  const stage = app.production === null ? 'staging' : 'production'
  return { id: app.id, name: app.name, stage, last_update: release.at, privilege }
}

/** An app that went away between two reads is left out, as if it had been gone before the first. */
function nullWhenGone(error: unknown): null {
  if (isProblem(error, 'not_found')) return null
  throw error
}
