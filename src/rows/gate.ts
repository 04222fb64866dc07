import { setMaxListeners } from 'node:events'
import { Problem } from '../base/index.ts'
import { abortProblem } from './problems.ts'

/** Lets at most so many through at a time, first come first served, until it is closed. */
export interface Gate {
  /**
   * Resolves when there is room, with the function that gives it back. Errors: `cancelled` or `query_timeout` when the signal
   * aborts first, `storage_failed` once the gate is closed.
   */
  enter(signal: AbortSignal): Promise<() => void>
  /** Aborts when the gate closes: whoever is inside should leave at once. */
  readonly closing: AbortSignal
  /** Turns away those who wait and all who come later. Resolves when everybody has left. */
  close(): Promise<void>
}

export function createGate(places: number): Gate {
  const closing = new AbortController()
  // One for each statement that runs; Node warns of more than ten.
  setMaxListeners(0, closing.signal)
  const waiting = new Set<() => void>()
  let inside = 0
  let whenEmpty: (() => void) | undefined

  function admit(): void {
    while (inside < places) {
      const [first] = waiting
      if (first === undefined) break
      waiting.delete(first)
      first()
    }
    if (inside === 0) whenEmpty?.()
  }

  function takePlace(): () => void {
    inside++
    let left = false
    return () => {
      if (!left) inside--
      left = true
      admit()
    }
  }

  function enter(signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      const tryAgain = () => {
        signal.removeEventListener('abort', giveUp)
        if (closing.signal.aborted) reject(closedProblem())
        else resolve(takePlace())
      }
      const giveUp = () => {
        waiting.delete(tryAgain)
        reject(abortProblem(signal))
      }
      if (signal.aborted) return giveUp()
      if (closing.signal.aborted || inside < places) return tryAgain()
      waiting.add(tryAgain)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  return {
    enter,
    closing: closing.signal,
    close: async () => {
      closing.abort()
      for (const each of [...waiting]) each()
      waiting.clear()
      if (inside > 0) {
        await new Promise<void>((resolve) => {
          whenEmpty = resolve
        })
      }
    },
  }
}

export function closedProblem(): Problem {
  return new Problem('storage_failed', 'The rows are closed.')
}
