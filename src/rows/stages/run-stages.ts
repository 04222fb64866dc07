import { Worker } from 'node:worker_threads'
import { moduleFor, Problem } from '../../base/index.ts'
import type { Batch } from '../../pipeline/index.ts'
import type { NativeDocument, StagesRequest } from '../port.ts'
import { abortProblem } from '../problems.ts'
import type { StagesMessage, StagesReply, TableMessage } from './stages-worker.ts'

/** Threads that wait for the next query, and for how long: starting one takes some 50 ms. */
const idleThreads = 1
const idleMs = 30_000
/** What one query may hold; a thread that needs more ends, and the process goes on. */
const heapMb = 512

export interface StagesRunner {
  run(request: StagesRequest, signal: AbortSignal): Promise<readonly NativeDocument[]>
  close(): Promise<void>
}

/** Runs the stages of native queries over rows, each in a thread that is stopped when its time is up. */
export function createStagesRunner(): StagesRunner {
  const idle = new Map<Worker, NodeJS.Timeout>()
  const busy = new Set<Worker>()

  function take(): Worker {
    const [entry] = idle
    if (!entry) return startThread()
    const [worker, timer] = entry
    clearTimeout(timer)
    idle.delete(worker)
    worker.ref()
    return worker
  }

  function giveBack(worker: Worker): void {
    if (idle.size >= idleThreads) return void worker.terminate()
    worker.unref()
    idle.set(
      worker,
      setTimeout(() => {
        idle.delete(worker)
        void worker.terminate()
      }, idleMs).unref(),
    )
  }

  return {
    async run({ stages, input, others, maxRows }, signal) {
      const tables: [string, TableMessage][] = []
      for (const [domain, batches] of others) tables.push([domain, await collect(batches, maxRows)])
      const message: StagesMessage = { stages, input: await collect(input, maxRows), others: tables, maxRows }
      const worker = take()
      busy.add(worker)
      const reply = await ask(worker, message, signal)
        .catch((error: unknown) => {
          void worker.terminate()
          throw error
        })
        .finally(() => busy.delete(worker))
      giveBack(worker)
      return documentsIn(reply, maxRows)
    },
    async close() {
      const all = [...idle.keys(), ...busy]
      idle.clear()
      await Promise.all(all.map((worker) => worker.terminate()))
    },
  }
}

function startThread(): Worker {
  return new Worker(moduleFor(import.meta.url, './stages-worker'), {
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  })
}

function ask(worker: Worker, message: StagesMessage, signal: AbortSignal): Promise<StagesReply> {
  return new Promise((resolve, reject) => {
    const onAbort = () => settle(() => reject(abortProblem(signal)))
    const onMessage = (reply: StagesReply) => settle(() => resolve(reply))
    const onError = (error: unknown) => settle(() => reject(threadProblem(error)))
    const onExit = () => settle(() => reject(new Problem('query_failed', 'The native query was stopped.')))
    function settle(then: () => void): void {
      signal.removeEventListener('abort', onAbort)
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      then()
    }
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    worker.postMessage(message)
  })
}

function threadProblem(error: unknown): Problem {
  const isMemory = error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
  return isMemory
    ? tooMuchMemory(heapMb)
    : new Problem('internal', 'The thread of a native query failed.', { cause: error })
}

function documentsIn(reply: StagesReply, maxRows: number): readonly NativeDocument[] {
  if ('documents' in reply) return reply.documents
  if ('tooMany' in reply) throw tooManyDocuments(maxRows)
  throw new Problem('query_failed', `The native query failed: ${reply.failed}`)
}

async function collect(batches: AsyncIterable<Batch>, maxRows: number): Promise<TableMessage> {
  const rows: Batch['rows'][number][] = []
  let names: readonly string[] = []
  for await (const batch of batches) {
    names = batch.columns.map(({ name }) => name)
    for (const row of batch.rows) rows.push(row)
    if (rows.length > maxRows) throw tooManyDocuments(maxRows)
  }
  return { names, rows }
}

export function tooMuchMemory(megabytes: number): Problem {
  return new Problem('query_failed', `The native query needs more than the ${megabytes} MB of memory that it may use.`)
}

export function tooManyDocuments(maxRows: number): Problem {
  const message = `A native query works on at most ${maxRows} rows here (\`query.max_native_rows\`): filter or group them in a step before it.`
  return new Problem('too_many_rows', message)
}
