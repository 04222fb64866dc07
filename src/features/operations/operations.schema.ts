import { z } from 'zod'
import { operationStates, startedAnswer } from '../../jobs/index.ts'

/** `state`: several with commas between them. `after`: the id of the last one of the page before. */
export const operationsQuery = z.strictObject({
  state: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(operationStates)).max(operationStates.length))
    .optional(),
  job: z.string().min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(64).optional(),
})

export const operationNames = [
  'preprocess_data_sources',
  'populate_basemaps',
  'populate_reports',
  'populate_dashboards',
  'populate_permissions',
  'release_design',
  'release_data',
  'release_permissions',
  'push_changes',
] as const

export type OperationName = (typeof operationNames)[number]

/** `origin`: who asks, in a word of theirs. `async: false` waits for the end. */
export const namedOperations = z.strictObject({
  operations: z.array(z.enum(operationNames)).min(1).max(20),
  origin: z.string().max(100).optional(),
  notify: z.boolean().optional(),
  async: z.boolean().optional(),
})

/** As `startedAnswer`, of several: `operation_id` is that of the last one, which is done when all are. */
export const namedAnswer = startedAnswer.extend({
  operations: z.array(z.strictObject({ operation_id: z.string(), job: z.string() })),
})
