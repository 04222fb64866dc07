import { z } from 'zod'
import { effects, type PermissionRecord, parsePermissionRecords, scopes } from '../../access/index.ts'
import { type Clock, canonicalJson, type JsonObject, Problem, sha256 } from '../../base/index.ts'
import type { Catalog, Release } from '../../catalog/index.ts'
import { appRoute, expectedVersion, type Route } from '../../http/index.ts'
import { type SimulateDeps, simulateRoute } from './simulate.routes.ts'

export interface PermissionsDeps extends SimulateDeps {
  readonly catalog: Catalog
  readonly clock: Clock
}

const params = z.strictObject({ app: z.string(), domain: z.string().min(1).max(128) })
const record = z.strictObject({
  id: z.string(),
  domain: z.string(),
  scope: z.enum(scopes),
  group: z.string().nullable(),
  effect: z.enum(effects),
  condition: z.record(z.string(), z.unknown()).nullable(),
  columns: z
    .strictObject({
      hide: z.array(z.string()),
      mask: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    })
    .optional(),
})
const records = z.array(record)

export function permissionsRoutes(deps: PermissionsDeps): Route[] {
  return [listAll(deps), listOfDomain(deps), replaceOfDomain(deps), removeOfDomain(deps), simulateRoute(deps)]
}

function listAll({ catalog }: PermissionsDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/permissions',
    action: 'permissions.read',
    summary: 'The permission records of all domains, by domain',
    response: z.record(z.string(), records),
    async handle({ app, stage }) {
      const release = await catalog.current(app, stage)
      const body = Object.entries(release.permissions).map(([domain, list]) => [domain, present(list)] as const)
      return { headers: tagOf(release), body: Object.fromEntries(body) }
    },
  })
}

function listOfDomain({ catalog }: PermissionsDeps): Route {
  return appRoute({
    method: 'GET',
    url: '/permissions/:domain',
    action: 'permissions.read',
    summary: 'The permission records of a domain',
    params,
    response: records,
    async handle({ app, stage }, { params: { domain } }) {
      const release = await catalog.current(app, stage)
      return { headers: tagOf(release), body: present(recordsOf(release, domain)) }
    },
  })
}

function replaceOfDomain({ catalog, clock, audit }: PermissionsDeps): Route {
  return appRoute({
    method: 'PUT',
    url: '/permissions/:domain',
    action: 'permissions.write',
    summary: 'Replace the permission records of a domain in staging',
    params,
    body: z.array(z.unknown()),
    response: records,
    async handle(ctx, { params: { domain }, body, headers }) {
      const { app, principal } = ctx
      const next = parsePermissionRecords(domain, body, clock.now())
      const options = { by: principal.username, expected: expectedVersion(headers) }
      const edit = () => catalog.edit(app, (staging) => withRecords(staging, domain, next), options)
      const event = { action: 'permissions.replace', target: domain, app, details: detailsOf(next) } as const
      const release = await audit.change(ctx, event, edit)
      return { headers: tagOf(release), body: present(recordsOf(release, domain)) }
    },
  })
}

function removeOfDomain({ catalog, audit }: PermissionsDeps): Route {
  return appRoute({
    method: 'DELETE',
    url: '/permissions/:domain',
    action: 'permissions.write',
    summary: 'Remove the permission records of a domain in staging',
    params,
    response: z.strictObject({ message: z.string() }),
    async handle(ctx, { params: { domain }, headers }) {
      const { app, principal } = ctx
      const change = (staging: Release) => {
        if (recordsOf(staging, domain).length > 0) return withRecords(staging, domain, [])
        throw new Problem('not_found', `"${domain}" has no permission records in staging.`)
      }
      const options = { by: principal.username, expected: expectedVersion(headers) }
      const event = { action: 'permissions.remove', target: domain, app } as const
      const release = await audit.change(ctx, event, () => catalog.edit(app, change, options))
      return { headers: tagOf(release), body: { message: `"${domain}" has no permission records any more.` } }
    },
  })
}

function withRecords({ permissions }: Release, domain: string, next: readonly PermissionRecord[]) {
  const { [domain]: _, ...others } = permissions
  return { permissions: next.length > 0 ? { ...others, [domain]: next } : others }
}

function recordsOf({ permissions }: Release, domain: string): readonly PermissionRecord[] {
  return Object.hasOwn(permissions, domain) ? (permissions[domain] ?? []) : []
}

const tagOf = (release: Release) => ({ etag: `"${release.id}"` })

function present(list: readonly PermissionRecord[]): z.input<typeof records> {
  return list.map(({ condition, columns, ...entry }) => ({
    ...entry,
    condition: condition && { ...condition },
    ...(columns && { columns: { hide: [...columns.hide], mask: { ...columns.mask } } }),
  }))
}

/** Whom the records are about, and a hash that tells two lists apart: conditions name people's attributes and values. */
function detailsOf(list: readonly PermissionRecord[]): JsonObject {
  const rules = list.map(({ scope, group, effect, condition, columns }) => ({
    ...{ scope, group, effect, condition },
    ...(columns && { columns: { hide: columns.hide, mask: columns.mask } }),
  }))
  return {
    records: rules.map(({ condition: _condition, columns: _columns, ...about }) => about),
    sha256: sha256(canonicalJson(rules)),
  }
}
