import { type ChildProcess, spawn } from 'node:child_process'
import { type Log, Problem } from '../../base/index.ts'
import { type FromChild, fromChildSchema, type ToChild } from './messages.ts'
import { residentMemory, sampleEveryMs } from './resident-memory.ts'

export interface ChildWorkOptions {
  /** A Node program that calls `serveWork`: how it is run, and with what. */
  readonly command: string
  readonly args: readonly string[]
  /** All of its environment: nothing of ours is passed on. */
  readonly env: Readonly<Record<string, string>>
  /** A child that holds more resident memory is killed. */
  readonly memoryBytes: number
  readonly log: Log
}

/** A child process whose memory is watched. */
export interface WatchedProcess {
  /** False as soon as its end has begun. */
  readonly isAlive: boolean
  /** Resolves with the reason when it is gone. */
  readonly ended: Promise<Problem>
  /** One that is gone is heard of by its end. */
  send(message: ToChild): void
  /** `reason`: what is told of it, unless it had begun to end already. */
  kill(reason: Problem): void
}

/** The end of what it wrote to standard error: there it says why it died. */
const errorTextKept = 4000

export function startProcess(options: ChildWorkOptions, hear: (message: FromChild) => void): WatchedProcess {
  const { log, memoryBytes } = options
  const child = spawnChild(options)
  let errorText = ''
  let verdict: Problem | undefined

  function kill(reason: Problem): void {
    verdict ??= reason
    child.kill('SIGKILL')
  }

  function weigh(bytes: number | null): void {
    if (bytes !== null && bytes > memoryBytes) kill(outOfMemory(memoryBytes, bytes))
  }

  const sampling = setInterval(() => {
    if (child.pid !== undefined) void residentMemory(child.pid).then(weigh)
  }, sampleEveryMs).unref()

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorText = (errorText + text).slice(-errorTextKept)
  })
  child.on('message', (message: unknown) => {
    const read = fromChildSchema.safeParse(message)
    if (!read.success)
      log.error({ pid: child.pid, issues: read.error.issues }, 'A child process said what is no message.')
    else if (read.data.kind === 'memory') weigh(read.data.bytes)
    else hear(read.data)
  })
  const ended = new Promise<Problem>((resolve) => {
    const end = (reason: Problem) => {
      clearInterval(sampling)
      verdict ??= reason
      resolve(verdict)
    }
    child.on('error', (cause) => {
      end(new Problem('internal', 'A process for heavy work could not be started; the log has the cause.', { cause }))
    })
    child.on('close', (code, signal) => {
      if (verdict === undefined) log.error({ code, signal, stderr: errorText }, 'A process for heavy work died.')
      end(ranOutOfHeap(errorText) ? outOfMemory(memoryBytes) : crashed(code, signal))
    })
  })
  return {
    get isAlive() {
      return verdict === undefined && child.connected
    },
    ended,
    send: (message) => {
      if (child.connected) child.send(message, () => {})
    },
    kill,
  }
}

function spawnChild({ command, args, env, memoryBytes }: ChildWorkOptions): ChildProcess {
  // Some of the memory is for what does not lie in the heap.
  const heapMiB = Math.floor((memoryBytes * 0.75) / 1024 ** 2)
  return spawn(command, [`--max-old-space-size=${heapMiB}`, ...args], {
    env: { ...env },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
}

function outOfMemory(limit: number, held?: number): Problem {
  const more = held === undefined ? '' : ` (it held ${mebibytes(held)})`
  return new Problem('out_of_memory', `The work needs more than ${mebibytes(limit)} of memory${more}: see jobs.memory.`)
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}

function ranOutOfHeap(errorText: string): boolean {
  return /JavaScript heap out of memory|Array buffer allocation failed/.test(errorText)
}

function crashed(code: number | null, signal: NodeJS.Signals | null): Problem {
  const how = signal === null ? `ended with code ${code}` : `was killed by ${signal}`
  return new Problem('internal', `The process that did the work ${how}; the log has the cause.`)
}
