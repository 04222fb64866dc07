import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Problem } from '../base/index.ts'
import type { JobOutcome, QueueWorker, TakenJob } from '../bus/index.ts'
import type { Settle } from './chain.ts'
import { cancelChannel } from './control.ts'
import type { Core } from './core.ts'
import { between } from './failures.ts'
import type { JobWorkers, WorkerSettings } from './port.ts'
import { startReaper } from './reaper.ts'
import { createRunner } from './runner.ts'

/** How long what was aborted may take to say how it ended, and its records to be written. */
const graceMs = 3000

/** How long a job stays here that came while as much runs as may, in milliseconds. */
const fullRest = [250, 1000] as const

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
    const handle = atMost(concurrency, runner.handle)
    workers.push(await core.bus.queue(queue).work({ concurrency, leaseMs: core.settings.lease, handle }))
  }
  const reaper = startReaper(core, settle, runner.runsHere)

  async function drain(deadlineMs: number): Promise<void> {
    const isOver = new AbortController()
    const giveBackInTime = sleep(deadlineMs, undefined, { signal: isOver.signal }).then(
      () => runner.stopAll('given back', new Problem('cancelled', 'The worker ends; the operation is given back.')),
      () => {},
    )
    await Promise.all([reaper.end(), ...workers.map((worker) => worker.close(deadlineMs + graceMs))])
    // What was cancelled and does not listen: its heartbeat must not keep others from ending it.
    runner.stopAll('lost', new Problem('cancelled', 'The worker has ended.'))
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

type Handle = (taken: TakenJob) => Promise<JobOutcome>

/**
 * No more at a time than `concurrency`. The queue counts too, but only what it knows of: a job whose lease was lost in an outage of
 * the bus is none of its own any more, while the operation goes on.
 */
function atMost(concurrency: number, handle: Handle): Handle {
  let running = 0
  return async (taken) => {
    if (running >= concurrency) {
      // It takes up its place in the queue meanwhile: else all that waits would be taken and put back in turn.
      await sleep(between(...fullRest))
      return { kind: 'again', delayMs: 0 }
    }
    running += 1
    try {
      return await handle(taken)
    } finally {
      running -= 1
    }
  }
}
