import { type Sqlite, sqliteCode } from './database.ts'

/** Runs it and commits, or leaves everything as it was. Errors: of what it runs, and of the commit. */
export function inTransaction(db: Sqlite, change: () => void): void {
  db.exec('begin immediate')
  try {
    change()
    db.exec('commit')
  } catch (error) {
    rollBack(db)
    throw error
  }
}

function rollBack(db: Sqlite): void {
  try {
    db.exec('rollback')
  } catch (error) {
    // After some errors, a full disk among them, SQLite has rolled back by itself, and says that there is no transaction.
    if (sqliteCode(error) !== 'SQLITE_ERROR') throw error
  }
}
