import Database from 'libsql'
import { LRUCache } from 'lru-cache'

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

/**
 * For a connection that writes. `synchronous = full`: each commit waits for the disk. With `normal` a power cut may take back commits
 * that were answered, and a pointer that moves back would name versions and blobs that were swept after it had moved forward.
 */
export function prepareToWrite(database: Sqlite): void {
  database.exec('pragma journal_mode = wal')
  database.exec('pragma synchronous = full')
}
