import cluster from 'node:cluster'
import type { RoleStart } from '../start-options.ts'

/** The web role: a master that holds no store, and workers that answer requests. Each runs this same program again. */
export async function runWeb(start: RoleStart): Promise<void> {
  if (cluster.isPrimary) {
    const { runWebMaster } = await import('./web-master.ts')
    return runWebMaster(start)
  }
  const { runWebWorker } = await import('./web-worker.ts')
  return runWebWorker(start)
}
