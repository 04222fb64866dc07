import { z } from 'zod'
import type { Audit } from '../../access/index.ts'
import type { JsonObject } from '../../base/index.ts'
import { expectedVersion, instanceRoute, type Route } from '../../http/index.ts'
import { newUser, type UserChange, userChange, userParams, usersPage, userView } from './users.schema.ts'
import type { Users } from './users.service.ts'

export interface UsersRoutesDeps {
  readonly users: Users
  readonly audit: Audit
  /** Tells those who watch that somebody may be signed in no longer. */
  readonly revoked: (username: string) => void
}

export function usersRoutes(deps: UsersRoutesDeps): Route[] {
  return [listUsers(deps), createUser(deps), readUser(deps), changeUser(deps), removeUser(deps)]
}

function listUsers({ users }: UsersRoutesDeps): Route {
  return instanceRoute({
    method: 'GET',
    url: '/users',
    action: 'users.read',
    summary: 'All users, or a page of them: the `Link` header leads to the next one',
    query: usersPage,
    response: z.array(userView),
    async handle(_ctx, { query: { limit, after } }) {
      if (limit === undefined) return { body: await users.list({ after }) }
      // One more than asked for tells whether there is a next page.
      const found = await users.list({ limit: limit + 1, after })
      const body = found.slice(0, limit)
      const last = body.at(-1)
      if (found.length <= limit || !last) return { body }
      const next = `/users?limit=${limit}&after=${encodeURIComponent(last.username)}`
      return { headers: { link: `<${next}>; rel="next"` }, body }
    },
  })
}

function createUser({ users, audit }: UsersRoutesDeps): Route {
  return instanceRoute({
    method: 'POST',
    url: '/users',
    action: 'users.write',
    summary: 'Create a user',
    body: newUser,
    response: userView,
    errors: [409],
    async handle(ctx, { body }) {
      const { username: target, ...fields } = body
      const event = { action: 'user.create', target, details: detailsOf(fields) } as const
      const { user, etag } = await audit.change(ctx, event, () => users.create(ctx.principal, body))
      return { status: 201, headers: { etag, location: `/users/${encodeURIComponent(user.username)}` }, body: user }
    },
  })
}

function readUser({ users }: UsersRoutesDeps): Route {
  return instanceRoute({
    method: 'GET',
    url: '/users/:username',
    action: 'users.read',
    summary: 'One user',
    params: userParams,
    response: userView,
    async handle(_ctx, { params: { username } }) {
      const { user, etag } = await users.get(username)
      return { headers: { etag }, body: user }
    },
  })
}

function changeUser({ users, audit, revoked }: UsersRoutesDeps): Route {
  return instanceRoute({
    method: 'PATCH',
    url: '/users/:username',
    action: 'users.write',
    summary: 'Change a user: the given fields replace what there was. A new password ends the user’s sessions',
    params: userParams,
    body: userChange,
    response: userView,
    errors: [412],
    async handle(ctx, { params: { username }, body, headers }) {
      const edit = { change: body, expected: expectedVersion(headers) }
      const event = { action: 'user.change', target: username, details: detailsOf(body) } as const
      const { user, etag } = await audit.change(ctx, event, () => users.change(ctx.principal, username, edit))
      if (mayEndSessions(body)) revoked(username)
      return { headers: { etag }, body: user }
    },
  })
}

function removeUser({ users, audit, revoked }: UsersRoutesDeps): Route {
  return instanceRoute({
    method: 'DELETE',
    url: '/users/:username',
    action: 'users.write',
    summary: 'Remove a user and end their sessions',
    params: userParams,
    response: z.strictObject({ message: z.string() }),
    errors: [412],
    async handle(ctx, { params: { username }, headers }) {
      const remove = () => users.remove(ctx.principal, username, expectedVersion(headers))
      await audit.change(ctx, { action: 'user.remove', target: username }, remove)
      revoked(username)
      return { body: { message: `The user "${username}" is gone.` } }
    },
  })
}

function mayEndSessions({ password, disabled, expirationDate }: UserChange): boolean {
  return password !== undefined || disabled === true || typeof expirationDate === 'string'
}

/** What an auditor has to know: which fields, and the new rights. Passwords and the values of attributes are nobody's business. */
function detailsOf({ password, attributes, ...rights }: UserChange): JsonObject {
  return {
    ...(JSON.parse(JSON.stringify(rights)) as JsonObject),
    ...(password !== undefined && { password: 'set' }),
    ...(attributes !== undefined && { attributes: Object.keys(attributes).sort() }),
  }
}
