import type { Outcome, Statement } from './commit.ts'

/** What writes the documents of a store. What is asked for at about the same time shares a transaction. */
export interface Writer {
  /**
   * Answers how many rows were changed, once that is on the disk, or why it was not done. `settled` is called before anybody hears of
   * the outcome, whatever it is. Never throws.
   */
  write(statement: Statement, settled: () => void): Promise<Outcome>
  /** Counts the writes of other programs. */
  foreignChanges(): number
  /** Ends when all that was asked for is on the disk or has failed. */
  close(): Promise<void>
}

/** A statement and whoever waits for it. */
export interface Waiting {
  readonly statement: Statement
  readonly settled: () => void
  readonly tell: (outcome: Outcome) => void
}

/** Tells the outcomes of a transaction: first that something may be another by now, then to those who wait. */
export function tellAll(waiting: readonly Waiting[], outcomes: readonly Outcome[]): void {
  for (const { settled } of waiting) settled()
  for (const [place, outcome] of outcomes.entries()) waiting[place]?.tell(outcome)
}
