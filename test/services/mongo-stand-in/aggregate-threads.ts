import { Worker } from 'node:worker_threads'
import { BSON } from 'mongodb'
import { moduleFor } from '../../../src/base/index.ts'
import type { AggregateMessage } from './aggregate-worker.ts'

export interface AggregateThreads {
  /** The body of the reply. Its work ends, whatever it is at, when the signal aborts or its time is up, as on a server. */
  run(
    message: AggregateMessage,
    bounds: { readonly signal: AbortSignal; readonly maxTimeMs: number },
  ): Promise<Uint8Array>
  close(): Promise<void>
}

/** Threads that are kept for the next aggregation: starting one takes a tenth of a second. */
const mostIdle = 4

export function createAggregateThreads(): AggregateThreads {
  const idle: Worker[] = []
  const busy = new Set<Worker>()

  function take(): Worker {
    const worker = idle.pop() ?? new Worker(moduleFor(import.meta.url, './aggregate-worker'))
    busy.add(worker)
    return worker
  }

  function leave(worker: Worker, isWhole: boolean): void {
    busy.delete(worker)
    if (isWhole && idle.length < mostIdle) idle.push(worker)
    else void worker.terminate()
  }

  return {
    run: (message, { signal, maxTimeMs }) =>
      new Promise((resolve, reject) => {
        const worker = take()
        const timer = maxTimeMs > 0 ? setTimeout(() => settle(expired, false), maxTimeMs) : undefined
        const giveUp = () => settle(expired, false)
        const fail = (error: Error) => {
          end(false)
          reject(error)
        }
        const receive = (reply: Uint8Array) => settle(reply, true)
        function end(isWhole: boolean): void {
          clearTimeout(timer)
          signal.removeEventListener('abort', giveUp)
          worker.off('message', receive).off('error', fail)
          leave(worker, isWhole)
        }
        function settle(reply: Uint8Array, isWhole: boolean): void {
          end(isWhole)
          resolve(reply)
        }
        signal.addEventListener('abort', giveUp)
        worker.on('message', receive).on('error', fail)
        worker.postMessage(message)
        if (signal.aborted) giveUp()
      }),
    async close() {
      await Promise.all([...idle, ...busy].map((worker) => worker.terminate()))
    },
  }
}

const expired = BSON.serialize({
  ok: 0,
  code: 50,
  codeName: 'MaxTimeMSExpired',
  errmsg: 'operation exceeded time limit',
})
