import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { QueueWorker } from '../bus/index.ts'
import type { Settle } from './chain.ts'
import { cancelChannel } from './control.ts'
import type { Core } from './core.ts'
import type { JobWorkers, WorkerSettings } from './port.ts'
import { startReaper } from './reaper.ts'
import { createRunner } from './runner.ts'

/** How long what was aborted may take to say how it ended, and its records to be written. */
const graceMs = 3000

const cancelSchema = z.object({ id: z.string() })

/** Begins to run jobs in this process. */
export async function startWorkers(core: Core, settle: Settle, settings: WorkerSettings): Promise<JobWorkers> {
  const runner = createRunner(core, settle)
  const endCancels = await core.bus.subscribe(cancelChannel, (payload) => {
    const read = cancelSchema.safeParse(payload)
    if (read.success) runner.check(read.data.id)
  })
  const workers: QueueWorker[] = []
  for (const queue of ['heavy', 'fast'] as const) {
    const concurrency = settings[queue]
    if (concurrency === 0) continue
    workers.push(await core.bus.queue(queue).work({ concurrency, leaseMs: core.settings.lease, handle: runner.handle }))
  }
  const reaper = startReaper(core, settle, runner.runsHere)

  async function drain(deadlineMs: number): Promise<void> {
    const isOver = new AbortController()
    const giveBackInTime = sleep(deadlineMs, undefined, { signal: isOver.signal }).then(
      () => runner.giveAllBack(),
      () => {},
    )
    await Promise.all([reaper.end(), ...workers.map((worker) => worker.close(deadlineMs + graceMs))])
    isOver.abort()
    await giveBackInTime
    await endCancels()
  }

  let draining: Promise<void> | undefined
  return {
    drain(deadlineMs) {
      draining ??= drain(deadlineMs)
      return draining
    },
  }
}
