import { Problem } from '../base/index.ts'

/** Lets few tasks run at once and few wait. */
export interface Gate {
  /** Errors: `overloaded` when too many wait already. */
  pass<T>(task: () => Promise<T>): Promise<T>
}

export function createGate({ running, waiting }: { readonly running: number; readonly waiting: number }): Gate {
  const queue: (() => void)[] = []
  let active = 0

  async function enter(): Promise<void> {
    if (active < running) {
      active++
      return
    }
    if (queue.length >= waiting)
      throw new Problem('overloaded', 'Too many people sign in at this moment.', { retryAfter: 1 })
    // The place of whoever leaves is handed over, so `active` stays as it is.
    await new Promise<void>((resolve) => queue.push(resolve))
  }

  function leave(): void {
    const next = queue.shift()
    if (next) next()
    else active--
  }

  return {
    async pass(task) {
      await enter()
      try {
        return await task()
      } finally {
        leave()
      }
    },
  }
}
