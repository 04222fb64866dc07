import { closeOnFailure } from './close-on-failure.ts'
import { compose } from './compose.ts'
import { firstStart } from './first-start.ts'
import { partsOf } from './parts.ts'
import { runJobs } from './run-jobs.ts'
import { type Frame, type Running, runProcess } from './run-process.ts'
import { runSchedules } from './scheduler.ts'
import type { AllStart } from './start-options.ts'

/** All roles in this process, which does not wait for servers that do not answer: whoever starts it by hand should see why. */
export function runAllInOne(options: AllStart): Promise<void> {
  return runProcess(options, {
    role: 'all',
    portOffset: 0,
    patient: false,
    open: (frame) => open(options, frame),
  })
}

async function open({ config, version, demo, print, heavy, fast }: AllStart, frame: Frame): Promise<Running> {
  const { log } = frame
  const composed = await compose({ config, version, ...frame })
  await closeOnFailure(composed, async () => {
    await runJobs({ product: composed, settings: config.jobs, heavy, fast, metrics: frame.metrics, log: frame.log })
    // What the first start does to itself is no news.
    log.level = 'warn'
    await firstStart({ ...composed, log, home: config.home, demo, print })
    log.level = config.log.level
    await runSchedules(composed, config, log)
    composed.live.attach(composed.server.server)
    const address = await composed.server.listen({ host: config.http.host, port: config.http.port })
    print(`laputa ${version} ready at ${address}/console/`)
  })
  return { parts: partsOf(composed, { bus: false }), end: composed.close }
}
