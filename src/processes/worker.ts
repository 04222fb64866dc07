import { closeOnFailure } from './close-on-failure.ts'
import { composeProduct } from './compose.ts'
import { partsOf } from './parts.ts'
import { runJobs } from './run-jobs.ts'
import { type Frame, type Running, runProcess } from './run-process.ts'
import type { RoleStart } from './start-options.ts'

/** Runs jobs until it is asked to end: then it finishes what it has, or gives it back. */
export function runWorker(start: RoleStart): Promise<void> {
  return runProcess(start, { role: 'worker', portOffset: 1, patient: true, open: (frame) => open(start, frame) })
}

async function open({ config, version, print, heavy, fast }: RoleStart, frame: Frame): Promise<Running> {
  const product = await composeProduct({ config, version, ...frame })
  await closeOnFailure(product, () =>
    runJobs({ product, settings: config.jobs, heavy, fast, metrics: frame.metrics, log: frame.log }),
  )
  print(`laputa ${version} worker ready`)
  return { parts: partsOf(product, { bus: true }), end: product.close }
}
