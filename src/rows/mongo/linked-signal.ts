export interface LinkedSignal {
  readonly signal: AbortSignal
  /** From then on the others have nothing of it. */
  end(): void
}

/**
 * Aborts with the first of the signals, for its reason, until `end`. (`AbortSignal.any` keeps something in a signal that lives as long as
 * the rows.)
 */
export function linkedSignal(signals: readonly AbortSignal[]): LinkedSignal {
  const controller = new AbortController()
  const watched = signals.map((signal) => ({ signal, giveUp: () => controller.abort(signal.reason) }))
  for (const { signal, giveUp } of watched) {
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
  }
  return {
    signal: controller.signal,
    end: () => {
      for (const { signal, giveUp } of watched) signal.removeEventListener('abort', giveUp)
    },
  }
}
