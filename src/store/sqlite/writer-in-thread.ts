import { Worker } from 'node:worker_threads'
import { type Log, moduleFor } from '../../base/index.ts'
import type { Failure } from './commit.ts'
import { tellAll, type Waiting, type Writer } from './writer.ts'
import type { FromWriter, ToWriter, WriterData } from './writer-thread.ts'

/** A thread, and who waits for it. */
interface Thread {
  readonly worker: Worker
  readonly waiting: Waiting[]
  readonly ended: Promise<void>
}

/**
 * Writes in a thread of its own with a connection of its own: no commit holds up the thread that asks, and what comes while the disk is
 * busy shares the next one. Should the thread die, who waits for it gets an error (that may or may not be written), and the next write
 * starts another.
 */
export function createWriterInThread(data: WriterData, log: Log): Writer {
  let thread: Thread | undefined = start()
  let unsent: Waiting[] = []
  let foreignChanges = 0

  function start(): Thread {
    const worker = new Worker(moduleFor(import.meta.url, './writer-thread'), {
      workerData: data,
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    })
    const waiting: Waiting[] = []
    worker.on('message', (message: FromWriter) => {
      if (message === 'foreign change') foreignChanges++
      else hear(started, message)
    })
    worker.on('error', (error) => log.error({ err: error }, 'The thread that writes the store failed.'))
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => {
        if (thread === started) thread = undefined
        abandon(waiting)
        resolve()
      })
    })
    // Whoever waits for nothing may end.
    worker.unref()
    const started: Thread = { worker, waiting, ended }
    return started
  }

  function hear({ worker, waiting }: Thread, outcomes: Exclude<FromWriter, string>): void {
    const told = waiting.splice(0, outcomes.length)
    if (waiting.length === 0) worker.unref()
    tellAll(told, outcomes)
  }

  function send(): void {
    const some = unsent
    unsent = []
    if (some.length === 0) return
    thread ??= start()
    const { worker, waiting } = thread
    if (waiting.length === 0) worker.ref()
    for (const one of some) waiting.push(one)
    const message: ToWriter = some.map(({ statement }) => statement)
    worker.postMessage(message)
  }

  return {
    write: (statement, settled) =>
      new Promise((tell) => {
        unsent.push({ statement, settled, tell })
        if (unsent.length === 1) setImmediate(send)
      }),
    foreignChanges: () => foreignChanges,
    async close() {
      send()
      if (!thread) return
      const { worker, ended } = thread
      worker.ref()
      worker.postMessage('end' satisfies ToWriter)
      await ended
    },
  }
}

const gone: Failure = { code: '', message: 'The thread that writes has ended.' }

function abandon(waiting: Waiting[]): void {
  const left = waiting.splice(0)
  tellAll(
    left,
    left.map(() => gone),
  )
}
