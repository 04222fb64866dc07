import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Who runs a program. Undefined: whoever runs the tests. */
export interface User {
  readonly uid: number
  readonly gid: number
}

export interface ProgramOptions {
  readonly command: string
  readonly args: readonly string[]
  /** Its own folder, from `temporaryFolder`: removed when it has ended. */
  readonly folder: string
  readonly user?: User | undefined
  /** The signal that ends it without waiting for its clients. */
  readonly stopSignal: 'INT' | 'TERM'
  /** Tries to talk to it; throws until it answers. */
  readonly greet: () => Promise<unknown>
  readonly patienceMs: number
}

export interface Program {
  stop(): Promise<void>
}

/**
 * Runs `"$@"` until it ends, or until standard input closes: then it is sent the signal. Node closes that pipe when it ends, however
 * it ends, so that no server outlives the run. The shell leads a process group of its own: a terminal's Ctrl-C does not reach it.
 */
const guard = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ cat <&3 >/dev/null; kill -s "$STOP_SIGNAL" "$child" 2>/dev/null; } &
watcher=$!
exec 3<&- </dev/null 2>/dev/null
wait "$child"
code=$?
kill "$watcher" 2>/dev/null
rm -rf "$PROGRAM_FOLDER"
exit "$code"
`

const stopPatienceMs = 20_000

/** Starts a program and waits until it answers. Errors: it ended, or did not answer in time; with the end of its log. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { command, args, folder, user, stopSignal } = options
  const child = spawn('sh', ['-c', guard, 'sh', command, ...args], {
    cwd: folder,
    detached: true,
    env: { ...process.env, STOP_SIGNAL: stopSignal, PROGRAM_FOLDER: folder, HOME: folder, TMPDIR: folder },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...user,
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-2000)
    })
  }
  const ended = once(child, 'close').catch((error: Error) => {
    log += error.message
  })
  let isRunning = true
  const end = ended.then(() => {
    isRunning = false
    child.stdin.destroy()
  })
  child.stdin.on('error', () => {})
  const stop = async () => {
    child.stdin.end()
    const forced = sleep(stopPatienceMs, undefined, { ref: false }).then(() => {
      if (isRunning && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    })
    await Promise.race([end, forced.then(() => end)])
    rmSync(folder, { recursive: true, force: true })
  }
  const deadline = Date.now() + options.patienceMs
  while (isRunning && Date.now() < deadline) {
    const greeted = await options.greet().then(
      () => true,
      () => false,
    )
    if (greeted && isRunning) return { stop }
    await Promise.race([sleep(50), end])
  }
  const reason = isRunning ? `did not answer within ${options.patienceMs / 1000} s` : 'ended at once'
  await stop()
  throw new Error(`${command} ${reason}: ${lastLines(log)}`)
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join(' | ')
}

/** The path of a program: on PATH, or in one of the folders. */
export function findProgram(name: string, folders: readonly string[] = []): string | null {
  for (const folder of [...(process.env.PATH ?? '').split(':'), ...folders]) {
    if (folder && existsSync(join(folder, name))) return realpathSync(join(folder, name))
  }
  return null
}

/** A program that belongs to another one and lies beside it. */
export function programBeside(program: string, name: string): string | null {
  const path = join(dirname(program), name)
  return existsSync(path) ? path : null
}

/** Programs that refuse root run as the first of these users that exists. */
export function unprivilegedUser(names: readonly string[]): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of [...names, 'nobody']) {
    const fields = lines.map((line) => line.split(':')).find(([login]) => login === name)
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  return undefined
}

/** A new folder that belongs to the user. */
export function temporaryFolder(name: string, user?: User): string {
  const folder = mkdtempSync(join(tmpdir(), `laputa-${name}-`))
  if (user) chownSync(folder, user.uid, user.gid)
  return folder
}

/** A file in a temporary folder, readable by the user. */
export function writeFor(user: User | undefined, path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 })
  if (user) chownSync(path, user.uid, user.gid)
}

export interface OnceOptions {
  readonly folder: string
  readonly user?: User | undefined
}

/** Runs a program that prepares something. Errors: it fails; with the end of what it wrote. */
export async function runOnce(command: string, args: readonly string[], { folder, user }: OnceOptions): Promise<void> {
  try {
    await promisify(execFile)(command, args, { cwd: folder, env: { ...process.env, TMPDIR: folder }, ...user })
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
    throw new Error(`${command} failed: ${lastLines(output)}`)
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/**
 * The first of so many ports in a row of 127.0.0.1 that nobody listens on. The system gives them to no connection of a client: they
 * stay free while a server is stopped.
 */
export async function keptPorts(count: number): Promise<number> {
  for (;;) {
    const first = 10_000 + Math.floor(Math.random() * 20_000)
    const free = await Promise.all(Array.from({ length: count }, (_, index) => isFree(first + index)))
    if (free.every(Boolean)) return first
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
