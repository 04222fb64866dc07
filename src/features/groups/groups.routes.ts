import { z } from 'zod'
import type { Audit } from '../../access/index.ts'
import { instanceRoute, type Route } from '../../http/index.ts'
import { type GroupView, groupParams, groupView, groupWithMembers, newGroup } from './groups.schema.ts'
import type { Groups } from './groups.service.ts'
import type { Group } from './groups.store.ts'

export interface GroupsRoutesDeps {
  readonly groups: Groups
  readonly audit: Audit
}

export function groupsRoutes({ groups, audit }: GroupsRoutesDeps): Route[] {
  return [
    instanceRoute({
      method: 'GET',
      url: '/groups',
      action: 'groups.read',
      summary: 'All groups',
      response: z.array(groupView),
      async handle() {
        return { body: (await groups.list()).map(viewOf) }
      },
    }),
    instanceRoute({
      method: 'POST',
      url: '/groups',
      action: 'groups.write',
      summary: 'Create a group',
      body: newGroup,
      response: groupView,
      errors: [409],
      async handle(ctx, { body: { name } }) {
        const create = () => groups.create(ctx.principal.username, name)
        const group = await audit.change(ctx, { action: 'group.create', target: name }, create)
        return { status: 201, headers: { location: `/groups/${encodeURIComponent(name)}` }, body: viewOf(group) }
      },
    }),
    instanceRoute({
      method: 'GET',
      url: '/groups/:name',
      action: 'groups.read',
      summary: 'One group with its members',
      params: groupParams,
      response: groupWithMembers,
      async handle(_ctx, { params: { name } }) {
        const { members, ...group } = await groups.get(name)
        return { body: { ...viewOf(group), members: [...members] } }
      },
    }),
    instanceRoute({
      method: 'DELETE',
      url: '/groups/:name',
      action: 'groups.write',
      summary: 'Remove a group, from its members too',
      params: groupParams,
      response: z.strictObject({ message: z.string() }),
      async handle(ctx, { params: { name } }) {
        await audit.change(ctx, { action: 'group.remove', target: name }, () => groups.remove(name))
        return { body: { message: `The group "${name}" is gone.` } }
      },
    }),
  ]
}

function viewOf({ name, createdAt, createdBy }: Group): GroupView {
  return { name, created_at: createdAt, created_by: createdBy }
}
