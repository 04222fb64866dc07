/** All rows of a query, counted while its page is read. */
export interface EarlyCount {
  readonly total: Promise<number>
  /** Gives the count up, if it still runs. Resolves when nothing here waits for it any more. */
  stop(): Promise<void>
}

/** Begins to count; `count` ends when its signal aborts, which that of the whole query does too. */
export function startCount(count: (signal: AbortSignal) => Promise<number>, signal: AbortSignal): EarlyCount {
  const enough = new AbortController()
  const giveUp = () => enough.abort(signal.reason)
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  const total = count(enough.signal).finally(() => signal.removeEventListener('abort', giveUp))
  const settled = total.then(
    () => {},
    () => {},
  )
  return {
    total,
    stop: () => {
      enough.abort()
      return settled
    },
  }
}
