import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '../../base/index.ts'
import type { MetricsPage } from '../../features/index.ts'
import type { Ending } from '../ending.ts'
import type { Frame, Teller } from '../run-process.ts'
import { beatMs, type FromWorker, type ToWorker } from './messages.ts'

/** What a web worker has of its master. */
export interface MasterLink extends Teller {
  listening(address: string): void
  /** The metrics of all web workers. Errors: `not_ready` when the master does not tell them. */
  page(): Promise<MetricsPage>
}

const pagePatienceMs = 3000

export function createMasterLink({ log, metrics }: Frame, ending: Ending): MasterLink {
  const waiting = new Map<number, (page: MetricsPage) => void>()
  let asked = 0
  // A master that is gone hears nothing; Node then ends this process.
  const tell = (message: FromWorker) => void process.send?.(message, undefined, {}, () => {})
  const receive = (message: ToWorker) => {
    if (message.kind === 'end') ending.ask('the master')
    else if (message.kind === 'page') waiting.get(message.id)?.(message.page)
    else
      metrics.values().then(
        (values) => tell({ kind: 'metrics', id: message.id, values }),
        (error: unknown) => log.warn({ err: error }, 'the metrics could not be read'),
      )
  }
  process.on('message', receive)
  const beating = setInterval(() => tell({ kind: 'beat' }), beatMs).unref()
  return {
    say: (state) => tell({ kind: 'state', state }),
    listening: (address) => tell({ kind: 'listening', address }),
    async page() {
      const id = ++asked
      const answer = new Promise<MetricsPage>((resolve) => waiting.set(id, resolve))
      tell({ kind: 'page', id })
      const page = await Promise.race([answer, sleep(pagePatienceMs, null, { ref: false })])
      waiting.delete(id)
      if (!page) throw new Problem('not_ready', 'The metrics of the web workers cannot be read now.')
      return page
    },
    async close() {
      clearInterval(beating)
      process.off('message', receive)
    },
  }
}
