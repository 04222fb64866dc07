/** Work of which at most so much is done at a time: whoever brings more waits until there is room. */
export interface InFlight {
  /** Errors: those of work that was begun before. */
  add(work: () => Promise<unknown>): Promise<void>
  /** Waits for all of it. Errors: the first of the work. */
  finish(): Promise<void>
  /** Waits for all of it, however it ends. */
  settled(): Promise<void>
}

export function createInFlight(most: number): InFlight {
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined

  const check = () => {
    if (failure) throw failure.error
  }
  const settled = async () => {
    await Promise.all(running)
  }
  return {
    settled,
    add: async (work) => {
      while (running.size >= most) await Promise.race(running)
      check()
      const ended: Promise<void> = work()
        .then(
          () => {},
          (error: unknown) => {
            failure ??= { error }
          },
        )
        .finally(() => running.delete(ended))
      running.add(ended)
    },
    finish: async () => {
      await settled()
      check()
    },
  }
}
