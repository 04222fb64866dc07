import type { Log } from './log.ts'

/** Something that is tried again and again, and fails for a while: said once when that begins and once when it is over. */
export interface Outages {
  /** It failed: said unless it failed the last time too. */
  failed(error: unknown): void
  worked(): void
}

export interface OutageWords {
  /** How the first failure is logged. Default: as a warning. */
  readonly level?: 'warn' | 'error'
  readonly begins: string
  readonly ends: string
}

export function createOutages(log: Log, { level = 'warn', begins, ends }: OutageWords): Outages {
  let failing = false
  return {
    failed(error) {
      if (!failing) log[level]({ err: error }, begins)
      failing = true
    },
    worked() {
      if (failing) log.info({}, ends)
      failing = false
    },
  }
}
