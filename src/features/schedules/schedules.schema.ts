import { z } from 'zod'
import { publishedParts } from '../../catalog/index.ts'
import { visibleName } from '../../http/index.ts'
import { operationView } from '../../jobs/index.ts'

const name = visibleName('schedule name')

/** Blanks between the fields are made one space, so that equal patterns are equal texts. What the fields hold is checked with the time zone. */
const cron = z
  .string()
  .max(200)
  .transform((text) => text.trim().replace(/\s+/g, ' '))
  .refine((text) => text.split(' ').length === 5, {
    error:
      'A pattern has five fields: minute, hour, day of the month, month, day of the week. It fires at most each minute.',
  })

const timezone = z.string().min(1).max(64)

const domains = z.array(z.string().min(1).max(254)).min(1).max(1000).nullish()

const refresh = z.strictObject({ kind: z.literal('refresh'), domains })

const publish = z.strictObject({
  kind: z.literal('publish'),
  parts: z.array(z.enum(publishedParts)).min(1).nullish(),
  domains,
})

/** What a schedule does, in this order; each begins when the one before is done. */
const actions = z
  .array(z.discriminatedUnion('kind', [refresh, publish]))
  .min(1)
  .refine((list) => new Set(list.map(({ kind }) => kind)).size === list.length, {
    error: 'Each kind of action comes at most once.',
  })
  .refine((list) => list.length < 2 || list[0]?.kind === 'refresh', {
    error: 'A refresh comes before the publication: what is published is what was refreshed.',
  })
export type ScheduleAction = z.infer<typeof actions>[number]

/** What is done about times that went by while no scheduler ran. `limit` counts for `all` only. */
const catchUp = z
  .strictObject({ policy: z.enum(['skip', 'once', 'all']), limit: z.int().min(1).max(100).nullish() })
  .refine(({ policy, limit }) => policy === 'all' || limit === undefined || limit === null, {
    path: ['limit'],
    error: 'Only the policy `all` has a limit.',
  })
export type CatchUpInput = z.infer<typeof catchUp>

export const newSchedule = z.strictObject({
  name,
  cron,
  timezone: timezone.default('UTC'),
  actions,
  enabled: z.boolean().default(true),
  catch_up: catchUp.default({ policy: 'once' }),
})
export type NewSchedule = z.infer<typeof newSchedule>

/** Fields that are not sent stay as they are; lists and `catch_up` are replaced whole. */
export const scheduleChange = z.strictObject({
  name: name.optional(),
  cron: cron.optional(),
  timezone: timezone.optional(),
  actions: actions.optional(),
  enabled: z.boolean().optional(),
  catch_up: catchUp.optional(),
})
export type ScheduleChange = z.infer<typeof scheduleChange>

export const scheduleParams = z.strictObject({ app: z.string(), id: z.string().min(1).max(64) })

/** `last_run.by` is null when the schedule fired by itself. `last_skip` is the last time that it did not run, and why. */
export const scheduleView = z.strictObject({
  id: z.string(),
  name: z.string(),
  cron: z.string(),
  timezone: z.string(),
  actions: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('refresh'), domains: z.array(z.string()).nullable() }),
      z.strictObject({
        kind: z.literal('publish'),
        parts: z.array(z.enum(publishedParts)).nullable(),
        domains: z.array(z.string()).nullable(),
      }),
    ]),
  ),
  enabled: z.boolean(),
  catch_up: z.strictObject({ policy: z.enum(['skip', 'once', 'all']), limit: z.int().nullable() }),
  next_run: z.string().nullable(),
  last_run: z
    .strictObject({
      at: z.string(),
      by: z.string().nullable(),
      operations: z.array(z.string()),
      error: z.string().nullable(),
    })
    .nullable(),
  last_skip: z.strictObject({ at: z.string(), reason: z.enum(['missed', 'still_running']) }).nullable(),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
  updated_by: z.string(),
})
export type ScheduleView = z.infer<typeof scheduleView>

/** `operation_id` is that of the last action: when it has ended, everything has. */
export const scheduleStarted = z.strictObject({
  message: z.string(),
  operation_id: z.string(),
  operations: z.array(z.string()),
})

export const runsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** The id of the last operation of the page before. */
  after: z.string().min(1).max(64).optional(),
})

/** Operations as under `/operations`, the newest first: one for each action of each run. */
export const runsPage = z.strictObject({
  operations: z.array(operationView),
  next: z.string().nullable(),
})
