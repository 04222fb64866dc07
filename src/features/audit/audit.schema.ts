import { z } from 'zod'

const name = z.string().min(1).max(300)
const instant = z.iso.datetime({ offset: true })

/** `from` is included, `to` is not. `after` is the number of the last entry of the page before. */
export const auditQuery = z.strictObject({
  by: name.optional(),
  action: name.optional(),
  app: name.optional(),
  from: instant.optional(),
  to: instant.optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  after: z.coerce.number().int().min(1).max(999_999_999_999).optional(),
})
export type AuditQuery = z.output<typeof auditQuery>

export const auditEntry = z.strictObject({
  seq: z.int(),
  at: z.string(),
  by: z.string().nullable(),
  action: z.string(),
  target: z.string().nullable(),
  app: z.string().nullable(),
  details: z.record(z.string(), z.json()),
  request_id: z.string().nullable(),
  address: z.string().nullable(),
  prev: z.string(),
  hash: z.string(),
})
