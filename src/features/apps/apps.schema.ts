import { z } from 'zod'
import { stages } from '../../access/index.ts'

export const appId = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'An app id has 1 to 63 lower-case letters, digits and dashes, and starts with a letter or digit.',
  )

export const newApp = z.strictObject({
  id: appId,
  name: z.string().trim().min(1).max(200),
})

/** `stage` is the highest stage that has a release; `last_update` when the stage that the reader sees was last changed. */
export const appSummary = z.strictObject({
  id: z.string(),
  name: z.string(),
  stage: z.enum(stages),
  last_update: z.string(),
  privilege: z.enum(['view', 'validate', 'contribute']),
})

export type AppSummary = z.infer<typeof appSummary>
