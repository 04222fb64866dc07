import { z } from 'zod'
import { instanceRoute, type Route } from '../../http/index.ts'
import type { Filter } from '../../store/index.ts'
import { type AuditQuery, auditEntry, auditQuery } from './audit.schema.ts'
import type { AuditEntry, AuditStore } from './audit.store.ts'

export interface AuditRoutesDeps {
  readonly entries: AuditStore
}

export function auditRoutes({ entries }: AuditRoutesDeps): Route[] {
  return [
    instanceRoute({
      method: 'GET',
      url: '/audit',
      action: 'audit.read',
      summary: 'Who did what, the newest first: the `Link` header leads to the next page',
      query: auditQuery,
      response: z.array(auditEntry),
      async handle(_ctx, { query }) {
        // One more than asked for tells whether there is a next page.
        const found = await entries.search(filterOf(query), { limit: query.limit + 1, before: query.after })
        const body = found.slice(0, query.limit).map(present)
        const last = body.at(-1)
        if (found.length <= query.limit || !last) return { body }
        return { headers: { link: `<${nextPage(query, last.seq)}>; rel="next"` }, body }
      },
    }),
  ]
}

function filterOf({ by, action, app, from, to }: AuditQuery): Filter {
  const equal = Object.entries({ by, action, app }).flatMap(([field, eq]) => (eq === undefined ? [] : [{ field, eq }]))
  return {
    and: [
      ...equal,
      // Entries have whole milliseconds: the one before `from` is the last that does not count.
      ...(from === undefined ? [] : [{ field: 'at', gt: new Date(Date.parse(from) - 1).toISOString() }]),
      ...(to === undefined ? [] : [{ field: 'at', lt: new Date(to).toISOString() }]),
    ],
  }
}

function nextPage(query: AuditQuery, after: number): string {
  const fields = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...query, after })) {
    if (value !== undefined) fields.set(name, String(value))
  }
  return `/audit?${fields}`
}

function present({ requestId, details, ...entry }: AuditEntry): z.input<typeof auditEntry> {
  return { ...entry, request_id: requestId, details: structuredClone(details) as Record<string, z.core.util.JSONType> }
}
