import { spawn } from 'node:child_process'

/** Commands one after the other, such that a signal to this process ends the running one and lets the caller clean up. */
export interface Interruptible {
  /** Runs a command to its end, with our output. The code that it ended with; null when it was killed or could not start. */
  run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number | null>
  /** Whether a signal has come: nothing new should begin. */
  interrupted(): boolean
}

export function createInterruptible(): Interruptible {
  let isInterrupted = false
  let group: number | undefined
  const interrupt = () => {
    isInterrupted = true
    try {
      if (group !== undefined) process.kill(-group, 'SIGTERM')
    } catch {
      // It has just ended by itself.
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)

  function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number | null> {
    return new Promise((resolve) => {
      // A group of its own, so that what the command has started ends with it.
      const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: environment, detached: true })
      group = child.pid
      const end = (code: number | null) => {
        group = undefined
        resolve(code)
      }
      child.on('error', () => end(null))
      child.on('exit', end)
    })
  }
  return { run, interrupted: () => isInterrupted }
}
