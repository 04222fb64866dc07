import { abortProblem } from './problems.ts'

/**
 * The items of a source until the signal aborts, which is noticed also while the source is waited for. The source is told to end.
 * Errors: those of the source, and `cancelled` or `query_timeout`.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T> | Iterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  let giveUp = () => {}
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(abortProblem(signal))
  })
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  let waiting = false
  try {
    for (;;) {
      waiting = true
      const { done, value } = await Promise.race([iterator.next(), aborted])
      waiting = false
      if (done) return
      yield value
    }
  } finally {
    signal.removeEventListener('abort', giveUp)
    // A generator ends only after it has answered, which a source that hangs never does.
    const ended = Promise.resolve(iterator.return?.()).catch(() => {})
    if (!waiting) await ended
  }
}
