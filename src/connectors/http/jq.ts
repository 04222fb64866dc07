import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { isObject, type Json, Problem } from '../../base/index.ts'
import { orAborted } from '../failure.ts'

/**
 * Runs jq programs. A program is what a builder wrote, and may run for ever: so it runs in a thread of its own, which is ended when the
 * signal aborts. Plain paths (`.data.items[]`) are followed here. The caller closes it.
 */
export interface Jq {
  /** All outputs. Errors: `query_failed` with what jq says, those of the signal. */
  run(program: string, input: Json, signal: AbortSignal): Promise<readonly Json[]>
  close(): Promise<void>
}

/** Text, since it has to load where the sources are and where only the built program is. */
const thread = `
const { parentPort, workerData } = require('node:worker_threads')
const jq = require(workerData)
parentPort.on('message', async ({ program, text }) => {
  parentPort.postMessage(await jq.raw(text, program, ['-c']))
})`

/** What the thread answers: that of the command of the same name. */
interface JqAnswer {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** The exit code for a program that is none. */
const notCompiled = 3

export function createJq(): Jq {
  let worker: Worker | undefined
  const start = (): Worker => {
    worker ??= new Worker(thread, {
      eval: true,
      workerData: createRequire(import.meta.url).resolve('jq-wasm'),
      env: {},
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    })
    return worker
  }
  const close = async (): Promise<void> => {
    const running = worker
    worker = undefined
    await running?.terminate()
  }
  return {
    run: async (program, input, signal) => {
      const path = plainPath(program)
      if (path) return followPath(path, input)
      try {
        const text = await orAborted(ask(start(), program, JSON.stringify(input)), signal)
        return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Json]))
      } catch (error) {
        if (signal.aborted) await close()
        throw error
      }
    },
    close,
  }
}

function ask(worker: Worker, program: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (detail: string) => reject(new Problem('query_failed', detail))
    const end = () => worker.off('message', answer).off('error', broke).off('exit', broke)
    const broke = () => {
      end()
      fail('The filter needs more memory than it may use, or was ended.')
    }
    const answer = ({ stdout, stderr, exitCode }: JqAnswer) => {
      end()
      // What came before an error is not all there is.
      if (exitCode === 0) resolve(stdout)
      else fail(`The filter does not fit: ${reasonOf(stderr, exitCode)}`)
    }
    worker.once('message', answer).once('error', broke).once('exit', broke)
    worker.postMessage({ program, text })
  })
}

/** jq quotes pieces of what it works on in its messages about data, which may be rows that nobody may see; those about programs it does not. */
function reasonOf(stderr: string, exitCode: number): string {
  const compiling = /^jq: error: (.{1,200})/.exec(stderr.replace(/\s+/g, ' '))?.[1]
  return exitCode === notCompiled && compiling ? compiling : 'it cannot be applied to the answer of the source.'
}

/** The members of a path such as `.a.b` and whether it ends with `[]`; undefined for any other program. */
interface Path {
  readonly names: readonly string[]
  readonly each: boolean
}

function plainPath(program: string): Path | undefined {
  const found = /^\s*\.((?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)?)(\[\])?\s*$/.exec(program)
  if (!found) return undefined
  return { names: found[1] ? found[1].split('.') : [], each: found[2] !== undefined }
}

function followPath({ names, each }: Path, input: Json): readonly Json[] {
  let value: Json = input
  for (const name of names) {
    if (value === null) continue
    if (!isObject(value)) throw misfit(name)
    value = Object.hasOwn(value, name) ? ((value as { [name: string]: Json })[name] ?? null) : null
  }
  if (!each) return [value]
  if (Array.isArray(value)) return value
  if (!isObject(value)) throw misfit('[]')
  return Object.values(value as { [name: string]: Json })
}

function misfit(part: string): Problem {
  return new Problem('query_failed', `The filter does not fit: the answer of the source has nothing for its "${part}".`)
}
