import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const autocannon = join(import.meta.dirname, '..', '..', 'node_modules', 'autocannon', 'autocannon.js')

export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Default: 10. */
  readonly connections?: number
}

export interface Load {
  /** Answers a second. */
  readonly perSecond: number
  /** Microseconds of processor time that the server took for one answer: less noisy than the rate, where others use the machine. */
  readonly cpuPerRequest: number
}

interface Result {
  readonly '2xx': number
  readonly non2xx: number
  readonly errors: number
  readonly requests: { readonly average: number }
}

/** Some seconds of POSTs, from a process of their own. All of them must be answered 2xx. `pid`: the server's. */
export async function load(target: Target, pid: number, seconds: number): Promise<Load> {
  const before = processorTime(pid)
  const result = await post(target, ['-c', String(target.connections ?? 10), '-d', String(seconds)])
  return { perSecond: result.requests.average, cpuPerRequest: (processorTime(pid) - before) / result['2xx'] }
}

/** So many POSTs at the same time, from a process of their own. All of them must be answered 2xx. */
export async function burst(target: Target, count: number): Promise<void> {
  const { '2xx': answered } = await post(target, ['-c', String(count), '-a', String(count)])
  if (answered !== count) throw new Error(`${target.url} answered ${answered} of ${count} requests`)
}

async function post({ url, headers, body }: Target, amount: readonly string[]): Promise<Result> {
  const heads = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const options = ['-j', '-n', ...amount, '-m', 'POST', ...heads, '-b', body, url]
  const { stdout } = await promisify(execFile)(process.execPath, [autocannon, ...options], { maxBuffer: 1e8 })
  const result: Result = JSON.parse(stdout)
  if (result.non2xx > 0 || result.errors > 0 || result['2xx'] === 0)
    throw new Error(`${url} answered ${result.non2xx} requests with an error and ${result.errors} not at all`)
  return result
}

/** The unit of `/proc/<pid>/stat`, on every Linux that node runs on. */
const ticksPerSecond = 100

/** Microseconds that a process has computed so far, all threads. */
export function processorTime(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program, in brackets, may hold blanks: what follows it begins with the third field.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6
}
