import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, Problem } from '../../base/index.ts'
import type { MetricsPage } from '../../features/index.ts'
import type { MetricValues } from '../metrics.ts'
import { type ProcessState, starting } from '../probes/answer-probe.ts'
import type { FromWorker, ToWorker } from './messages.ts'

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

/** One web worker as its master sees it. */
export interface Member {
  readonly pid: number
  /** Resolves with its address once it answers requests; never when it does not come to that. */
  readonly listening: Promise<string>
  readonly exited: Promise<Exit>
  /** Whether it has come to answer requests, and runs. */
  isListening(): boolean
  ageMs(): number
  state(): ProcessState
  /** Beats that were counted since it was last heard of. */
  silentBeats(): number
  countBeat(): void
  /** Errors: `not_ready` when it does not answer. */
  metrics(): Promise<readonly MetricValues[]>
  /** Asks it to end, and kills it when that takes longer. */
  end(patienceMs: number): Promise<void>
  kill(): void
}

export interface MemberDeps {
  readonly child: ChildProcess
  /** The metrics of all members. */
  readonly page: () => Promise<MetricsPage>
  readonly log: Log
}

const metricsPatienceMs = 1000

export function createMember({ child, page, log }: MemberDeps): Member {
  const startedAt = performance.now()
  let state = starting
  let silence = 0
  let answers = false
  const exited = exitOf(child, log)
  // It may be gone already; that is heard of as its exit.
  const tell = (message: ToWorker) => void (child.connected && child.send(message, () => {}))
  const questions = createQuestions(child, tell)
  const listening = new Promise<string>((resolve) => {
    child.on('message', (message: FromWorker) => {
      silence = 0
      if (message.kind === 'state') state = message.state
      else if (message.kind === 'metrics') questions.answered(message.id, message.values)
      else if (message.kind === 'page') answerPage(message.id).catch(tellUnread)
      else if (message.kind === 'listening') {
        answers = true
        resolve(message.address)
      }
    })
  })

  /** Whoever asked waits only for so long. */
  function tellUnread(error: unknown): void {
    log.warn({ err: error }, 'the metrics of the web workers could not be read')
  }

  async function answerPage(id: number): Promise<void> {
    tell({ kind: 'page', id, page: await page() })
  }

  return {
    pid: child.pid ?? 0,
    listening,
    exited,
    isListening: () => answers && child.exitCode === null && child.signalCode === null,
    ageMs: () => Math.round(performance.now() - startedAt),
    state: () => state,
    silentBeats: () => silence,
    countBeat: () => void silence++,
    metrics: questions.ask,
    async end(patienceMs) {
      tell({ kind: 'end' })
      const late = sleep(patienceMs, undefined, { ref: false }).then(() => child.kill('SIGKILL'))
      await Promise.race([exited, late.then(() => exited)])
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function exitOf(child: ChildProcess, log: Log): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.on('error', (error) => {
      log.error({ worker: child.pid, err: error }, 'a web worker could not be reached')
      // One that never came to run does not exit either.
      if (child.pid === undefined) resolve({ code: null, signal: null })
    })
  })
}

/** Questions for the metrics of a worker, and its answers. */
function createQuestions({ pid }: ChildProcess, tell: (message: ToWorker) => void) {
  const waiting = new Map<number, (values: readonly MetricValues[]) => void>()
  let asked = 0
  return {
    async ask(): Promise<readonly MetricValues[]> {
      const id = ++asked
      const answer = new Promise<readonly MetricValues[]>((resolve) => waiting.set(id, resolve))
      tell({ kind: 'metrics', id })
      try {
        const values = await Promise.race([answer, sleep(metricsPatienceMs, null, { ref: false })])
        if (values === null) throw new Problem('not_ready', `The web worker ${pid} does not tell its metrics.`)
        return values
      } finally {
        waiting.delete(id)
      }
    },
    answered: (id: number, values: readonly MetricValues[]) => waiting.get(id)?.(values),
  }
}
