import { Worker } from 'node:worker_threads'
import { type Log, moduleFor, Problem } from '../../base/index.ts'
import type { MetricsPage } from '../../features/index.ts'
import type { ProcessState } from './answer-probe.ts'
import { monotonicMs } from './monotonic.ts'
import type { ProbeAddress } from './probe-server.ts'
import type { FromThread, ThreadData, ToThread } from './probe-thread.ts'

/** The probes of one process, and its page of metrics. */
export interface Probes {
  readonly address: ProbeAddress
  /** What is answered from now on. */
  say(state: ProcessState): void
  close(): Promise<void>
}

export interface ProbesDeps {
  readonly address: ProbeAddress
  readonly metrics: () => Promise<MetricsPage>
  readonly log: Log
}

const beatMs = 1000

/**
 * Answers probes from a thread of its own: what keeps this one busy keeps no probe waiting, and is seen there as a loop that does not
 * turn. Errors: `config_invalid` when the port cannot be had.
 */
export async function openProbes({ address, metrics, log }: ProbesDeps): Promise<Probes> {
  const beat = new BigInt64Array(new SharedArrayBuffer(8))
  const turn = () => void Atomics.store(beat, 0, monotonicMs())
  turn()
  const data: ThreadData = { ...address, beat }
  const worker = new Worker(moduleFor(import.meta.url, './probe-thread'), {
    workerData: data,
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
  })
  const tell = (message: ToThread) => worker.postMessage(message)
  worker.on('message', (message: FromThread) => {
    if (message.kind !== 'metrics') return
    metrics().then(
      (page) => tell({ kind: 'metrics', page }),
      (error: unknown) => log.warn({ err: error }, 'the metrics could not be read'),
    )
  })
  const taken = await listening(worker, address)
  const beating = setInterval(turn, beatMs).unref()
  worker.on('error', (error) => log.error({ err: error }, 'the thread that answers probes failed'))
  worker.unref()
  return {
    address: taken,
    say: (state) => tell({ kind: 'state', state }),
    async close() {
      clearInterval(beating)
      await worker.terminate()
    },
  }
}

function listening(worker: Worker, wanted: ProbeAddress): Promise<ProbeAddress> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (message: FromThread) => {
      worker.off('error', reject)
      if (message.kind === 'listening') return resolve(message.address)
      void worker.terminate()
      reject(portRefused(wanted, message.kind === 'refused' ? message.code : 'unknown'))
    })
  })
}

/** Processes of one kind on one machine need a port each. */
export function portRefused({ host, port }: ProbeAddress, code: string): Problem {
  const message = `Port ${port} of ${host} cannot be had (${code}): set \`health.port\` so that each process has one of its own.`
  return new Problem('config_invalid', message, { errors: [{ path: 'health.port', message }] })
}
