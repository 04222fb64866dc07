import { type Log, systemClock } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import { createScheduler } from '../features/index.ts'
import { closeOnFailure } from './close-on-failure.ts'
import { composeProduct } from './compose.ts'
import { partsOf } from './parts.ts'
import type { Product } from './product.ts'
import { type Frame, type Running, runProcess } from './run-process.ts'
import type { RoleStart } from './start-options.ts'

/** Begins what schedules are due to do. Several may run: one is active, and another one takes over when it goes away. */
export function runScheduler(start: RoleStart): Promise<void> {
  return runProcess(start, { role: 'scheduler', portOffset: 3, patient: true, open: (frame) => open(start, frame) })
}

async function open({ config, version, print }: RoleStart, frame: Frame): Promise<Running> {
  const product = await composeProduct({ config, version, ...frame })
  await closeOnFailure(product, () => runSchedules(product, config, frame.log))
  print(`laputa ${version} scheduler ready`)
  return { parts: partsOf(product, { bus: true }), end: product.close }
}

/** Begins what schedules are due to do until the product is closed. */
export async function runSchedules(product: Product, config: Config, log: Log): Promise<void> {
  const { store, jobs, bus } = product
  const leaseMs = config.scheduler.lease
  const scheduler = createScheduler({ store, jobs, bus, clock: systemClock, log, leaseMs })
  scheduler.start()
  await product.open('scheduler', scheduler)
}
