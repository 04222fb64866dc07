import { orAborted } from './failure.ts'

/** A number of places, for so many pieces of work at the same time; who comes later waits in line. */
export interface Slots {
  /** Waits for a place. The caller calls what it gets, once, to leave it. Errors: those of the signal. */
  take(signal: AbortSignal): Promise<() => void>
}

export function createSlots(count: number): Slots {
  let free = count
  const waiting = new Set<() => void>()
  const leave = () => {
    const [next] = waiting
    if (next === undefined) free += 1
    else {
      waiting.delete(next)
      next()
    }
  }
  return {
    take: async (signal) => {
      if (free > 0 && !signal.aborted) {
        free -= 1
        return leave
      }
      let enter = () => {}
      const turn = new Promise<void>((resolve) => {
        enter = resolve
      })
      waiting.add(enter)
      try {
        await orAborted(turn, signal)
        return leave
      } catch (error) {
        // The turn may have come at the very moment of the abort: then the place goes to the next in line.
        if (!waiting.delete(enter)) leave()
        throw error
      }
    },
  }
}
