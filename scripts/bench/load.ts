import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const autocannon = join(import.meta.dirname, '..', '..', 'node_modules', 'autocannon', 'autocannon.js')

export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Load {
  /** Answers a second. */
  readonly perSecond: number
  /** Microseconds of processor time that the server took for one answer: less noisy than the rate, where others use the machine. */
  readonly cpuPerRequest: number
}

/** Some seconds of POSTs on ten connections, from a process of their own. All of them must be answered 2xx. `pid`: the server's. */
export async function load({ url, headers, body }: Target, pid: number, seconds: number): Promise<Load> {
  const heads = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const options = ['-j', '-n', '-c', '10', '-d', String(seconds), '-m', 'POST', ...heads, '-b', body, url]
  const before = processorTime(pid)
  const { stdout } = await promisify(execFile)(process.execPath, [autocannon, ...options], { maxBuffer: 1e8 })
  const spent = processorTime(pid) - before
  const result: { '2xx': number; non2xx: number; errors: number; requests: { average: number } } = JSON.parse(stdout)
  if (result.non2xx > 0 || result.errors > 0 || result['2xx'] === 0)
    throw new Error(`${url} answered ${result.non2xx} requests with an error and ${result.errors} not at all`)
  return { perSecond: result.requests.average, cpuPerRequest: spent / result['2xx'] }
}

/** The unit of `/proc/<pid>/stat`, on every Linux that node runs on. */
const ticksPerSecond = 100

/** Microseconds that a process has computed so far, all threads. */
function processorTime(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name of the program, in brackets, may hold blanks: what follows it begins with the third field.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6
}
