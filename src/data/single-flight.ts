/** One computation for any number of callers that ask for the same key at the same time. */
export interface SingleFlight<T> {
  /**
   * Runs `compute` unless it is already running for this key. It is cancelled when the last caller has left; a caller whose signal
   * aborts leaves with that signal's reason, and the others stay.
   */
  run(key: string, signal: AbortSignal, compute: (signal: AbortSignal) => Promise<T>): Promise<T>
  /** Whether a computation is running for this key. */
  has(key: string): boolean
}

interface Flight<T> {
  readonly promise: Promise<T>
  readonly controller: AbortController
  waiting: number
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  function takeOff(key: string, compute: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController()
    const promise = compute(controller.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key)
    })
    const flight: Flight<T> = { promise, controller, waiting: 0 }
    // Everybody may have left before it fails: then nobody is there to hear of it.
    promise.catch(() => {})
    flights.set(key, flight)
    return flight
  }

  return {
    has: (key) => flights.has(key),
    async run(key, signal, compute) {
      signal.throwIfAborted()
      const flight = flights.get(key) ?? takeOff(key, compute)
      flight.waiting += 1
      let leave = () => {}
      const left = new Promise<never>((_, reject) => {
        leave = () => reject(signal.reason)
        signal.addEventListener('abort', leave, { once: true })
      })
      try {
        return await Promise.race([flight.promise, left])
      } finally {
        signal.removeEventListener('abort', leave)
        flight.waiting -= 1
        // One that has ended is not there any more.
        if (flight.waiting === 0 && flights.get(key) === flight) {
          flights.delete(key)
          flight.controller.abort()
        }
      }
    },
  }
}
