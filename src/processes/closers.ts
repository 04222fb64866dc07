import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../base/index.ts'

/** What was opened, to be closed in the opposite order. */
export interface Closers {
  /** Opens something and remembers how to close it, and how long that may take. Gives it back. */
  open<T extends Closable>(name: string, opening: Promise<T> | T, patienceMs?: number): Promise<T>
  /** Closes everything, the last one first; gives up waiting for one that takes too long. One that fails does not stop the others. */
  closeAll(): Promise<void>
}

interface Closable {
  close(): Promise<unknown> | unknown
}

interface Opened extends Closable {
  readonly name: string
  readonly patienceMs: number
}

const usualPatienceMs = 5000

export function createClosers(log: Log): Closers {
  const opened: Opened[] = []
  return {
    async open(name, opening, patienceMs = usualPatienceMs) {
      const value = await opening
      opened.push({ name, patienceMs, close: () => value.close() })
      return value
    },
    async closeAll() {
      for (;;) {
        const last = opened.pop()
        if (!last) return
        const stop = new AbortController()
        const late = sleep(last.patienceMs, undefined, { signal: stop.signal }).then(() =>
          log.warn({ part: last.name }, 'did not close in time'),
        )
        await Promise.race([closeOne(last, log), late.catch(() => {})])
        stop.abort()
      }
    },
  }
}

async function closeOne(part: Opened, log: Log): Promise<void> {
  try {
    await part.close()
  } catch (error) {
    log.error({ part: part.name, err: error }, 'did not close cleanly')
  }
}
