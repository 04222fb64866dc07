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
}

/** What closing takes beyond the deadline: records are written, and children killed. */
const graceMs = 5000

/**
 * Runs jobs in this process until the product is closed: then what has not ended within `jobs.drain` is given back. The first is to
 * sweep away what no release names.
 */
export async function runJobs({ product, settings, metrics, ...given }: RunJobs): Promise<void> {
  const { heavy = settings.heavy, fast = settings.fast } = given
  const workers = await product.jobs.work({ heavy, fast })
  metrics?.watchQueues(product.jobs.counts)
  await product.sweep()
  await product.open('jobs', { close: () => workers.drain(settings.drain) }, settings.drain + graceMs)
}
