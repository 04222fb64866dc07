import { type Bound, type Sqlite, sqliteCode } from './database.ts'
import { inTransaction } from './transaction.ts'

/** One statement that writes. SQLite undoes it alone when it breaks a constraint. */
export interface Statement {
  readonly sql: string
  readonly values: readonly Bound[]
}

/** How many rows a statement changed, or why it was not done. */
export type Outcome = number | Failure

/** An error of SQLite in a form that passes between threads. */
export interface Failure {
  /** Such as `SQLITE_FULL`; empty for an error of the driver. */
  readonly code: string
  readonly message: string
}

/** More statements in a transaction would hold up whoever waits for it. */
export const mostAtOnce = 500

/**
 * Writes the statements in one transaction; answers their outcomes, in their order, once they are on the disk. One that breaks a
 * constraint fails alone; after any other error none of them was done. Never throws.
 */
export function commit(database: Sqlite, statements: readonly Statement[]): Outcome[] {
  let outcomes: Outcome[] = []
  const runAll = () => {
    outcomes = statements.map((statement) => run(database, statement))
  }
  try {
    // One statement is a transaction by itself.
    if (statements.length > 1) inTransaction(database, runAll)
    else runAll()
    return outcomes
  } catch (error) {
    const failure = failureOf(error)
    return statements.map(() => failure)
  }
}

function run(database: Sqlite, { sql, values }: Statement): Outcome {
  try {
    return database.run(sql, values)
  } catch (error) {
    // After any other error of SQLite the transaction may be gone, and the rest would not be one any more.
    if (sqliteCode(error)?.startsWith('SQLITE_CONSTRAINT') !== true) throw error
    return failureOf(error)
  }
}

/** Of what the driver threw. */
export function failureOf(error: unknown): Failure {
  return { code: sqliteCode(error) ?? '', message: error instanceof Error ? error.message : String(error) }
}
