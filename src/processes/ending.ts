import type { Log } from '../base/index.ts'

/** How a process learns that it should end. */
export interface Ending {
  /** Aborts with the first request to end. */
  readonly signal: AbortSignal
  ask(reason: string): void
}

const signals = ['SIGINT', 'SIGTERM'] as const

/**
 * The first signal asks for an orderly end; with `insist`, a second one ends the process at once. A process that another one looks
 * after does not insist: a terminal and a supervisor send their signals to all of them, and its master passes them on once more.
 */
export function createEnding({ log, insist }: { log: Log; insist: boolean }): Ending {
  const controller = new AbortController()
  const ask = (reason: string) => {
    if (controller.signal.aborted) return
    log.info({ reason }, 'ending')
    controller.abort()
  }
  for (const signal of signals) {
    process.on(signal, () => {
      if (controller.signal.aborted && insist) process.exit(1)
      ask(signal)
    })
  }
  return { signal: controller.signal, ask }
}

/** Resolves once the signal has aborted. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
