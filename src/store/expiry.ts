import type { Clock, Log } from '../base/index.ts'
import type { Filter } from './port.ts'

const everyMs = 60_000

/** Removes documents once their time is over, each minute. */
export interface Expiry {
  /** `drop` removes what matches. */
  watch(collection: string, field: string, drop: (filter: Filter) => Promise<unknown>): void
  end(): void
}

interface Watched {
  readonly collection: string
  readonly field: string
  readonly drop: (filter: Filter) => Promise<unknown>
}

export function createExpiry({ clock, log }: { readonly clock: Clock; readonly log: Log }): Expiry {
  const all: Watched[] = []
  let isSweeping = false
  let isEnded = false

  async function sweep(): Promise<void> {
    if (isSweeping) return
    isSweeping = true
    for (const { collection, field, drop } of all) {
      try {
        await drop({ field, lt: clock.now() })
      } catch (error) {
        if (!isEnded) log.warn({ err: error, collection }, 'Expired documents could not be removed.')
      }
    }
    isSweeping = false
  }

  const timer = setInterval(() => void sweep(), everyMs)
  timer.unref()
  return {
    watch(collection, field, drop) {
      all.push({ collection, field, drop })
    },
    end() {
      isEnded = true
      clearInterval(timer)
    },
  }
}
