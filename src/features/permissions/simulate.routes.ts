import { z } from 'zod'
import type { AppCtx, Audit, Principal } from '../../access/index.ts'
import { type JsonObject, Problem } from '../../base/index.ts'
import { appRoute, type Reply, type Route } from '../../http/index.ts'

export interface SimulateDeps {
  readonly audit: Audit
  /** By a name in any spelling; null for nobody, and for somebody without a privilege on the app. */
  findViewer(app: string, username: string): Promise<Principal | null>
  /** Answers a query as to somebody else, with the explanation. */
  answerAs(ctx: AppCtx, viewing: Viewing): Promise<Reply<never>>
}

export interface Viewing {
  readonly viewAs: Principal
  readonly asked: z.output<typeof query>
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly startedAt: number
}

const rowCount = z.int().min(0).max(Number.MAX_SAFE_INTEGER)

const query = z.strictObject({
  domain: z.string().min(1).optional(),
  pipeline: z.array(z.unknown()),
  parameters: z.record(z.string(), z.json()).nullish(),
  offset: rowCount.nullish(),
  limit: rowCount.nullable().default(null),
})

const body = query
  .extend({
    user: z.string().min(1).max(500).optional(),
    groups: z.array(z.string().min(1)).max(1000).optional(),
    attributes: z.record(z.string().min(1), z.json()).optional(),
  })
  .check(({ value: { user, groups, attributes }, issues }) => {
    const described = groups !== undefined || attributes !== undefined
    if (described !== (user !== undefined)) return
    const message = 'Name a user, or else groups and attributes.'
    issues.push({ code: 'custom', path: ['user'], message, input: null })
  })

/** What a builder would see as somebody else: only ever less than they see themselves. */
export function simulateRoute({ audit, findViewer, answerAs }: SimulateDeps): Route {
  async function whom(app: string, { user, groups = [], attributes = {} }: z.output<typeof body>): Promise<Principal> {
    if (user === undefined)
      return { username: '', roles: ['USER'], privileges: { [app]: ['view'] }, groups, attributes }
    const found = await findViewer(app, user)
    if (found) return found
    const message = `There is no user "${user}" who may see the app "${app}".`
    throw new Problem('not_found', message, { errors: [{ path: '/user', message }] })
  }

  return appRoute({
    method: 'POST',
    url: '/permissions/simulate',
    action: 'permissions.simulate',
    summary: 'Run a query with the rights of a user, or of groups and attributes: its rows, and which rules applied',
    body,
    async handle(ctx, { body, headers, startedAt }) {
      const viewAs = await whom(ctx.app, body)
      const { user: _user, groups: _groups, attributes: _attributes, ...asked } = body
      const about = { target: viewAs.username || null, app: ctx.app, details: detailsOf(ctx, body) }
      const event = { action: 'permissions.simulate', ...about } as const
      return audit.change(ctx, event, () => answerAs(ctx, { viewAs, asked, headers, startedAt }))
    },
  })
}

/** Names only: values of attributes are in no audit log. */
function detailsOf({ stage }: AppCtx, { domain, groups, attributes }: z.output<typeof body>): JsonObject {
  return {
    stage,
    ...(domain !== undefined && { domain }),
    ...(groups && { groups }),
    ...(attributes && { attributes: Object.keys(attributes) }),
  }
}
