import { z } from 'zod'
import { stages } from '../access/index.ts'
import type { Operation } from './port.ts'
import type { Started } from './start-work.ts'
import { viewOf } from './view.ts'

export const operationStates = [
  'queued',
  'running',
  'done',
  'failed',
  'cancelled',
] as const satisfies Operation['state'][]

/** What `viewOf` gives. `progress.percent` and `remaining_ms` are null where nobody can tell. */
export const operationView = z.strictObject({
  id: z.string(),
  job: z.string(),
  app: z.string().nullable(),
  stage: z.enum(stages).nullable(),
  state: z.enum(operationStates),
  by: z.string().nullable(),
  attempt: z.int(),
  progress: z
    .strictObject({ stage: z.string(), percent: z.number().nullable(), remaining_ms: z.number().nullable() })
    .nullable(),
  lines: z.array(z.string()),
  result: z.unknown(),
  error: z
    .strictObject({
      code: z.string(),
      title: z.string(),
      detail: z.string(),
      errors: z.array(z.record(z.string(), z.unknown())),
    })
    .nullable(),
  labels: z.record(z.string(), z.string()),
  created_at: z.string(),
  started_at: z.string().nullable(),
  ended_at: z.string().nullable(),
  changed_at: z.string(),
  request_id: z.string().nullable(),
})

/** The answer to whatever starts work. `operation`: once it is done, which the answer may have waited for. */
export const startedAnswer = z.strictObject({
  message: z.string(),
  operation_id: z.string(),
  operation: operationView.optional(),
})

/** `viewOf` with its fields: for an answer, which is checked against the schema in any case. */
export function presentOperation(operation: Operation): z.input<typeof operationView> {
  return viewOf(operation) as z.input<typeof operationView>
}

export function startedBody({ operation, done }: Started, message: string): z.input<typeof startedAnswer> {
  return { message, operation_id: operation.id, ...(done && { operation: presentOperation(operation) }) }
}
