import { z } from 'zod'
import { defineJob, type JobDefinition } from '../../jobs/index.ts'

/** Operations that the original's clients start as one of several, and that have nothing to do here. */
const meanings = {
  populate_basemaps: 'filled the maps of an app',
  populate_reports: 'filled the reports of an app from its templates',
  populate_dashboards: 'filled the dashboards of an app from its templates',
  populate_permissions: 'made permissions from rows; here they are records, which are edited as they are',
  push_changes: 'pushed the configuration of an app to its git remote',
} as const

const names = Object.keys(meanings) as (keyof typeof meanings)[]
const args = z.strictObject({ name: z.enum(names) })

/** Does nothing, and says what it was for: a client that starts several operations gets an end for each of them. */
export const announceJob: JobDefinition = defineJob<z.output<typeof args>>({
  name: 'announce',
  version: 1,
  queue: 'fast',
  args,
  retries: 0,
  async run(ctx, { name }) {
    ctx.say(`"${name}" ${meanings[name]}. Nothing had to be done.`)
    return null
  },
})
