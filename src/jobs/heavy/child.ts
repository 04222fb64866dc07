import { type Json, Problem } from '../../base/index.ts'
import type { WorkCtx } from '../port.ts'
import { abortedBy } from './inline-work.ts'
import { type FromChild, problemFrom } from './messages.ts'
import { type ChildWorkOptions, startProcess } from './watched-process.ts'

/** A process that does one work after the other. */
export interface Child {
  /** How many works it was given. */
  readonly given: number
  readonly isAlive: boolean
  run(name: string, payload: Json, about: WorkCtx): Promise<Json>
  kill(): Promise<void>
}

/** How long work may go on after it was given up, before its process is killed. */
const abortPatienceMs = 2000

interface Running {
  readonly id: number
  readonly about: WorkCtx
  readonly resolve: (result: Json) => void
  readonly reject: (problem: Problem) => void
}

export function startChild(options: ChildWorkOptions): Child {
  const child = startProcess(options, hear)
  let running: Running | undefined
  let given = 0

  function hear(message: FromChild): void {
    if (message.kind === 'memory' || message.id !== running?.id) return
    if (message.kind === 'progress') running.about.progress(progressOf(message.at))
    else if (message.kind === 'done') running.resolve(message.result)
    else running.reject(problemFrom(message.failure))
  }

  function start(name: string, payload: Json, about: WorkCtx): Promise<Json> {
    given += 1
    const id = given
    return new Promise<Json>((resolve, reject) => {
      running = { id, about, resolve, reject }
      void child.ended.then(reject)
      child.send({ kind: 'run', id, name, payload })
    })
  }

  async function run(name: string, payload: Json, about: WorkCtx): Promise<Json> {
    const { signal } = about
    if (signal.aborted) throw abortedBy(signal)
    let patience: NodeJS.Timeout | undefined
    const giveUp = () => {
      child.send({ kind: 'abort', id: given })
      patience = setTimeout(() => child.kill(abortedBy(signal)), abortPatienceMs)
    }
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      return await start(name, payload, about)
    } catch (error) {
      throw signal.aborted ? abortedBy(signal) : error
    } finally {
      running = undefined
      clearTimeout(patience)
      signal.removeEventListener('abort', giveUp)
    }
  }

  return {
    get given() {
      return given
    },
    get isAlive() {
      return child.isAlive
    },
    run,
    async kill() {
      child.kill(new Problem('cancelled', 'The process ends.'))
      await child.ended
    },
  }
}

function progressOf({ stage, percent }: { stage: string; percent?: number | undefined }) {
  return percent === undefined ? { stage } : { stage, percent }
}
