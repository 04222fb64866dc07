import type { JobCtx, JobDefinition } from '../jobs/index.ts'
import type { SeenJob } from './metrics.ts'

/** The same job, whose attempts are counted by how they ended. */
export function watchedJob(see: (seen: SeenJob) => void): (definition: JobDefinition) => JobDefinition {
  return (definition) => {
    const { name: job, run } = definition
    async function seen(ctx: JobCtx, args: unknown) {
      const startedAt = performance.now()
      const saw = (outcome: SeenJob['outcome']) => see({ job, outcome, ms: performance.now() - startedAt })
      try {
        const result = await run(ctx, args)
        saw('done')
        return result
      } catch (error) {
        saw(ctx.signal.aborted ? 'stopped' : 'failed')
        throw error
      }
    }
    return { ...definition, run: seen }
  }
}
