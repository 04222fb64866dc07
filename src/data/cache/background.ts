import { Problem } from '../../base/index.ts'

/** Work that no request waits for. */
export interface Background {
  /** Aborts when the program closes. */
  readonly signal: AbortSignal
  /** Takes work over; how it ends is nobody's concern. */
  later(work: Promise<unknown>): void
  /** Aborts the signal and waits for all of it. */
  end(): Promise<void>
}

export function createBackground(): Background {
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  return {
    signal: closing.signal,
    later(work) {
      const forget = () => {
        running.delete(ended)
      }
      const ended: Promise<void> = work.then(forget, forget)
      running.add(ended)
    },
    async end() {
      closing.abort(new Problem('cancelled', 'The program is closing.'))
      while (running.size > 0) await Promise.all(running)
    },
  }
}
