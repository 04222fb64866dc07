import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../base/index.ts'

/** What was opened, to be closed in the opposite order. */
export interface Closers {
  /** Opens something and remembers how to close it. Gives it back. */
  open<T extends { close(): Promise<unknown> | unknown }>(name: string, opening: Promise<T> | T): Promise<T>
  /** Closes everything, the last one first; gives up waiting for one after `eachMs`. One that fails does not stop the others. */
  closeAll(eachMs: number): Promise<void>
}

export function createClosers(log: Log): Closers {
  const opened: { name: string; close(): Promise<unknown> | unknown }[] = []
  return {
    async open(name, opening) {
      const value = await opening
      opened.push({ name, close: () => value.close() })
      return value
    },
    async closeAll(eachMs) {
      for (;;) {
        const last = opened.pop()
        if (!last) return
        const stop = new AbortController()
        const late = sleep(eachMs, undefined, { signal: stop.signal }).then(() =>
          log.warn({ part: last.name }, 'did not close in time'),
        )
        await Promise.race([closeOne(last, log), late.catch(() => {})])
        stop.abort()
      }
    },
  }
}

async function closeOne(part: { name: string; close(): Promise<unknown> | unknown }, log: Log): Promise<void> {
  try {
    await part.close()
  } catch (error) {
    log.error({ part: part.name, err: error }, 'did not close cleanly')
  }
}
