import { createSettle } from './chain.ts'
import { createControl } from './control.ts'
import { createCore } from './core.ts'
import type { Jobs } from './port.ts'
import type { JobsDeps } from './settings.ts'
import { createSubmit } from './submit.ts'
import { createWaiting } from './waiting.ts'
import { startWorkers } from './workers.ts'

/** Jobs over a store and a bus. One for each process: where the store is not shared, what it does not run itself nobody runs. */
export function createJobs(deps: JobsDeps): Jobs {
  const core = createCore(deps)
  const waiting = createWaiting(core)
  const settle = createSettle(core, waiting)
  const submit = createSubmit(core)
  const control = createControl(core, settle)

  async function countsOf(queue: 'heavy' | 'fast') {
    const { waiting, delayed, running, dead } = await core.bus.queue(queue).counts()
    return { waiting: waiting + delayed, running, dead }
  }

  return {
    submit: submit.one,
    submitChain: submit.chain,
    get: async (id) => (await core.operations.get(id))?.doc ?? null,
    list: core.operations.list,
    cancel: control.cancel,
    retry: control.retry,
    ended: waiting.forEnd,
    work: (settings) => startWorkers(core, settle, settings),
    counts: async () => ({ heavy: await countsOf('heavy'), fast: await countsOf('fast') }),
  }
}
