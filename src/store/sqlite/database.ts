import Database from 'libsql'
import { LRUCache } from 'lru-cache'
import { Problem } from '../../base/index.ts'

/** A text or a number. The driver aborts the whole process on a boolean, so nothing else may reach it. */
export type Bound = string | number
export type Row = readonly unknown[]

/** What this room uses of the driver. Everything is synchronous; statements are prepared once. */
export interface Sqlite {
  get(sql: string, values: readonly Bound[]): Row | undefined
  all(sql: string, values: readonly Bound[]): Row[]
  /** How many rows were changed. */
  run(sql: string, values: readonly Bound[]): number
  exec(sql: string): void
  close(): void
}

/** Values go in as one list: the driver reads a single null or object as named parameters. */
type Statement = Database.Statement<[readonly Bound[]]>

const statementsKept = 300

/** Errors of every function: SQLite's, to be told apart with `sqliteCode` and answered with `storageFailed`. */
export function openDatabase(path: string, busyTimeoutMs: number): Sqlite {
  const database = new Database(path, { timeout: busyTimeoutMs })
  const statements = new LRUCache<string, Statement>({ max: statementsKept })

  function prepared(sql: string): Statement {
    const known = statements.get(sql)
    if (known !== undefined) return known
    const statement: Statement = database.prepare<[readonly Bound[]]>(sql)
    statements.set(sql, statement)
    return statement
  }

  return {
    get: (sql, values) => prepared(sql).raw().get(values) as Row | undefined,
    all: (sql, values) => prepared(sql).raw().all(values) as Row[],
    run: (sql, values) => prepared(sql).run(values).changes,
    exec: (sql) => database.exec(sql),
    close: () => {
      statements.clear()
      database.close()
    },
  }
}

/** SQLite's own name of an error, such as `SQLITE_CONSTRAINT_UNIQUE`; undefined when it is another kind of error. */
export function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined
}

const remedies: Readonly<Record<string, string>> = {
  NOTADB: 'The store is not a database, or is damaged. Put a backup of the home back.',
  CORRUPT: 'The store is damaged. Stop the program and put a backup of the home back.',
  BUSY: 'The store is locked by another program. Close whatever has the database open.',
  LOCKED: 'The store is locked by another program. Close whatever has the database open.',
  FULL: 'The disk is full. Free some space on the disk of the home.',
  READONLY: 'The store cannot be written. Give the user of this program the right to write in the home.',
  CANTOPEN: 'The store cannot be opened. Give the user of this program the right to read and write in the home.',
  IOERR: 'The disk failed. Check the disk of the home, then start the program again.',
}

/** The one answer to an error of the database that nobody expects. Problems pass as they are. */
export function storageFailed(error: unknown): Problem {
  if (error instanceof Problem) return error
  const kind = /^SQLITE_([A-Z]+)/.exec(sqliteCode(error) ?? '')?.[1] ?? ''
  // The driver says why a file cannot be opened only in the text of its message.
  const opening = error instanceof Error && error.message.startsWith('ConnectionFailed')
  const remedy = remedies[opening ? 'CANTOPEN' : kind]
  return new Problem('storage_failed', remedy ?? 'The store failed. The log has the cause.', { cause: error })
}
