import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The built program, running in a home of its own. */
export interface Started {
  readonly url: string
  readonly home: string
  readonly process: ChildProcess
  /** Password by username, as the first start wrote them. */
  readonly credentials: Readonly<Record<string, string>>
  /** Milliseconds from the start of the process to its start line. */
  readonly readyAfter: number
  /** Everything that it wrote so far. */
  output(): string
  /** Asks it to stop, and answers its exit code. */
  stop(): Promise<number | null>
  kill(): Promise<void>
}

export interface StartOptions {
  /** A home to start in again; a new one otherwise. */
  readonly home?: string
  readonly demo?: boolean
  readonly env?: Readonly<Record<string, string>>
}

const program = join(import.meta.dirname, '..', 'dist', 'cli', 'laputa.cjs')

/** Starts `laputa start` on a free port and waits for its start line. */
export async function startLaputa({ home = newHome(), demo = true, env = {} }: StartOptions = {}): Promise<Started> {
  const began = performance.now()
  const child = spawn(process.execPath, [program, 'start', ...(demo ? ['--demo'] : [])], {
    cwd: home,
    env: { PATH: process.env.PATH ?? '', LAPUTA_HOME: join(home, 'var'), LAPUTA_HTTP__PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk
      const match = /ready at (http:\/\/[^\s/]+)/.exec(output)
      if (match?.[1]) resolve(match[1])
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    void exited.then((code) => reject(new Error(`laputa ended with ${code} before it was ready:\n${output}`)))
  })
  const readyAfter = performance.now() - began
  return {
    url,
    home,
    process: child,
    credentials: demo ? JSON.parse(readFileSync(join(home, 'var', 'demo-credentials.json'), 'utf8')) : {},
    readyAfter,
    output: () => output,
    stop() {
      child.kill('SIGTERM')
      return exited
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await exited
    },
  }
}

export function newHome(): string {
  return mkdtempSync(join(tmpdir(), 'laputa-acceptance-'))
}

export function removeHome(home: string): void {
  rmSync(home, { recursive: true, force: true })
}
