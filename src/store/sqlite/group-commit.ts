import { type Sqlite, sqliteCode } from './database.ts'
import { inTransaction } from './transaction.ts'

/** One statement that writes, and what happens to whoever asked for it. */
interface Write {
  /** Called as soon as its outcome is on the disk, before anybody hears of it. */
  readonly settled: () => void
  /** Runs the statement; answers what to tell when it is on the disk. Errors: of that statement alone when it broke a constraint. */
  readonly run: () => () => void
  readonly fail: (error: unknown) => void
}

export interface GroupCommit {
  /**
   * Runs a statement in one transaction with all others of this turn of the event loop, and answers once that is on the disk. `run`
   * must be one statement that writes: SQLite undoes it alone when it breaks a constraint. `settled` is called in the turn of the
   * commit, before anybody hears of it, and after errors too. Errors: what `run` throws; SQLite's when nothing of the group was written.
   */
  write<R>(run: () => R, settled: () => void): Promise<R>
  /** Commits what waits, now. */
  flush(): void
}

/** Longer transactions would hold up the event loop: the rest waits for the next turn. */
const mostAtOnce = 500

/**
 * A commit waits for the disk, far longer than the statement in it takes. Reads see a group only as a whole, since it begins and ends in
 * one turn.
 */
export function createGroupCommit(db: () => Sqlite): GroupCommit {
  const waiting: Write[] = []
  let isScheduled = false

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      commit(db, waiting.splice(0, mostAtOnce))
      if (waiting.length > 0) schedule()
    })
  }

  return {
    write: (run, settled) =>
      new Promise((resolve, reject) => {
        const runAndTell = () => {
          const result = run()
          return () => resolve(result)
        }
        waiting.push({ run: runAndTell, settled, fail: reject })
        schedule()
      }),
    flush: () => commit(db, waiting.splice(0)),
  }
}

function commit(db: () => Sqlite, writes: readonly Write[]): void {
  if (writes.length === 0) return
  const tell: (() => void)[] = []
  try {
    const database = db()
    // One statement is a transaction by itself.
    if (writes.length === 1) runAll(writes, tell)
    else inTransaction(database, () => runAll(writes, tell))
  } catch (error) {
    tell.splice(0)
    for (const { fail } of writes) tell.push(() => fail(error))
  }
  for (const { settled } of writes) settled()
  for (const say of tell) say()
}

/** Errors: of the database. A statement that failed for what it says is not one of them. */
function runAll(writes: readonly Write[], tell: (() => void)[]): void {
  for (const { run, fail } of writes) {
    try {
      tell.push(run())
    } catch (error) {
      const code = sqliteCode(error)
      // After any other error of SQLite the transaction may be gone, and the rest would not be one any more.
      if (code !== undefined && !code.startsWith('SQLITE_CONSTRAINT')) throw error
      tell.push(() => fail(error))
    }
  }
}
