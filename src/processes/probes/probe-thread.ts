import { parentPort, workerData } from 'node:worker_threads'
import type { MetricsPage } from '../../features/index.ts'
import { type ProcessState, starting } from './answer-probe.ts'
import { monotonicMs } from './monotonic.ts'
import { createProbeServer, listen, type ProbeAddress } from './probe-server.ts'

/** What the thread is given when it starts. `beat` holds the monotonic millisecond at which the loop of the process last turned. */
export interface ThreadData extends ProbeAddress {
  readonly beat: BigInt64Array
}

export type ToThread =
  | { readonly kind: 'state'; readonly state: ProcessState }
  | { readonly kind: 'metrics'; readonly page: MetricsPage }

export type FromThread =
  | { readonly kind: 'listening'; readonly address: ProbeAddress }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'metrics' }

const metricsPatienceMs = 3000

// The other side of `open-probes.ts`: a thread of its own, so that a probe is answered however long the data take.
if (parentPort) serve(parentPort, workerData as ThreadData)

function serve(port: NonNullable<typeof parentPort>, { host, port: wanted, beat }: ThreadData): void {
  let state = starting
  const waiting: ((page: MetricsPage) => void)[] = []
  const tell = (message: FromThread) => port.postMessage(message)
  port.on('message', (message: ToThread) => {
    if (message.kind === 'state') state = message.state
    else for (const settle of waiting.splice(0)) settle(message.page)
  })
  const server = createProbeServer({
    state: () => state,
    silentMs: () => Number(monotonicMs() - Atomics.load(beat, 0)),
    metrics: () =>
      new Promise((resolve, reject) => {
        waiting.push(resolve)
        if (waiting.length === 1) tell({ kind: 'metrics' })
        setTimeout(() => {
          const at = waiting.indexOf(resolve)
          if (at >= 0) waiting.splice(at, 1)
          reject()
        }, metricsPatienceMs).unref()
      }),
  })
  listen(server, { host, port: wanted }).then(
    (address) => tell({ kind: 'listening', address }),
    (error: NodeJS.ErrnoException) => tell({ kind: 'refused', code: error.code ?? String(error) }),
  )
}
