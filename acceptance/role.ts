import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** One process of a split installation. */
export interface RoleProcess {
  readonly process: ChildProcess
  /** Milliseconds from its start until its probe said that it is ready. */
  readonly readyAfter: number
  output(): string
  /** The answer of its probe port, parsed where it is JSON. */
  probe(path: string): Promise<{ readonly status: number; readonly body: unknown }>
  children(): readonly number[]
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>
  /** Sends the signal and answers the exit code. */
  end(signal?: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>
}

export interface RoleOptions {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Where its probes answer. */
  readonly probePort: number
  readonly cwd: string
  /** Does not wait until it is ready. */
  readonly unready?: boolean
}

const program = process.env.LAPUTA_TEST_PROGRAM ?? join(import.meta.dirname, '..', 'dist', 'cli', 'laputa.cjs')
const patienceMs = 60_000

export async function startRole({ args, env, probePort, cwd, unready = false }: RoleOptions): Promise<RoleProcess> {
  const began = performance.now()
  const child = spawn(process.execPath, [program, 'start', ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const probe: RoleProcess['probe'] = async (path) => {
    const response = await fetch(`http://127.0.0.1:${probePort}${path}`)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, body: isJson ? JSON.parse(text) : text }
  }
  const isReady = () =>
    probe('/health/ready').then(
      ({ status }) => status === 200,
      () => false,
    )
  while (!unready && !(await isReady())) {
    if (child.exitCode !== null || performance.now() - began > patienceMs) {
      child.kill('SIGKILL')
      throw new Error(`laputa ${args.join(' ')} did not become ready:\n${output}`)
    }
    await sleep(20)
  }
  return {
    process: child,
    readyAfter: performance.now() - began,
    output: () => output,
    probe,
    children: () => childrenOf(child.pid ?? 0),
    ended: exited,
    async end(signal = 'SIGTERM') {
      child.kill(signal)
      return exited
    },
  }
}

function childrenOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const [, parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? []
      return Number(parent) === pid ? [Number(name)] : []
    } catch {
      return []
    }
  })
}

export function isAlive(pid: number): boolean {
  try {
    // A dead one whose parent has not heard of it yet is dead all the same.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}
