import { setTimeout as sleep } from 'node:timers/promises'

export interface Asked<T> {
  /** Milliseconds since 1970, when the question was put. */
  readonly at: number
  readonly tookMs: number
  /** Undefined when it failed. */
  readonly answer: T | undefined
  readonly error: string | undefined
}

/** Asks the same again and again, several at a time, until it is told to stop; then gives all that came. */
export function askOnAndOn<T>(ask: () => Promise<T>, { times, pauseMs }: { times: number; pauseMs: number }) {
  const all: Asked<T>[] = []
  let going = true
  async function one(): Promise<void> {
    while (going) {
      const [at, began] = [Date.now(), performance.now()]
      const { answer, error } = await ask().then(
        (answer) => ({ answer, error: undefined }),
        (error: Error) => ({ answer: undefined, error: `${error.message} ${error.cause ?? ''}` }),
      )
      all.push({ at, tookMs: performance.now() - began, answer, error })
      await sleep(pauseMs)
    }
  }
  const running = Promise.all(Array.from({ length: times }, one))
  return {
    all: all as readonly Asked<T>[],
    async stop(): Promise<readonly Asked<T>[]> {
      going = false
      await running
      return all
    },
  }
}
