import type { Sqlite } from './database.ts'

const lookEveryMs = 1000

/** Counts the commits of other connections. */
export interface ForeignChanges {
  count(): number
  /** Stops looking. */
  end(): void
}

/**
 * The lock of the home keeps our own processes out, but not a shell that somebody repairs the database with: what that writes is
 * noticed within a second. `noticed` is called then.
 */
export function watchForeignChanges(database: Sqlite, noticed = () => {}): ForeignChanges {
  let version = dataVersion(database)
  let changes = 0
  const timer = setInterval(() => {
    const seen = dataVersion(database)
    if (seen === undefined || seen !== version) {
      changes++
      noticed()
    }
    version = seen
  }, lookEveryMs)
  timer.unref()
  return { count: () => changes, end: () => clearInterval(timer) }
}

/** SQLite's own number: another one after each commit of another connection. Undefined when it cannot be told. */
function dataVersion(database: Sqlite): unknown {
  try {
    return database.get('pragma data_version', [])?.[0]
  } catch {
    return undefined
  }
}
