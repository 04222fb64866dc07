import type { Log } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import type { Metrics } from './metrics.ts'
import type { Product } from './product.ts'

export interface RunJobs {
  readonly product: Pick<Product, 'jobs' | 'sweep' | 'open'>
  readonly settings: Config['jobs']
  /** How many at once, where it is not what the settings say. */
  readonly heavy?: number | undefined
  readonly fast?: number | undefined
  readonly metrics?: Metrics
  readonly log: Log
}

/** How often what no release names is swept away. However many workers ask for it, it is done once. */
const sweepEveryMs = 3_600_000

/** What closing takes beyond the deadline: records are written, and children killed. */
const graceMs = 5000

/**
 * Runs jobs in this process until the product is closed: then what has not ended within `jobs.drain` is given back. The first is to
 * sweep away what no release names, and so it goes on each hour.
 */
export async function runJobs({ product, settings, metrics, log, ...given }: RunJobs): Promise<void> {
  const { heavy = settings.heavy, fast = settings.fast } = given
  const workers = await product.jobs.work({ heavy, fast })
  let sweeping: NodeJS.Timeout | undefined
  const close = () => {
    clearInterval(sweeping)
    return workers.drain(settings.drain)
  }
  // At once: whatever fails from here on must not leave them at work on what is being closed.
  await product.open('jobs', { close }, settings.drain + graceMs)
  metrics?.watchQueues(product.jobs.counts)
  const tellFailure = (error: unknown) => log.warn({ err: error }, 'the sweep could not be asked for')
  await product.sweep()
  sweeping = setInterval(() => product.sweep().catch(tellFailure), sweepEveryMs)
}
