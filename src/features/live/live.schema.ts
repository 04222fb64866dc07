import { z } from 'zod'
import { stages } from '../../access/index.ts'

/** Longer than any id. */
const appId = z.string().min(1).max(64)
const stage = z.enum(stages)

/** Null: the operations of the instance. */
const place = { app: appId.nullable(), stage: stage.optional() }

/** What a client may say. */
export const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('subscribe'), ...place }),
  z.strictObject({ type: z.literal('unsubscribe'), ...place }),
  z.strictObject({ type: z.literal('resume'), after: z.string().max(64) }),
])

export type ClientMessage = z.output<typeof clientMessage>

export const issuedTicket = z.strictObject({ ticket: z.string(), expires_at: z.string() })

export const streamQuery = z.strictObject({ app: appId.optional(), stage: stage.optional() })
