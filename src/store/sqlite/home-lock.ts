import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../../base/index.ts'
import { openDatabase, type Sqlite, sqliteCode } from './database.ts'

/**
 * Keeps every other process out of a home until it is released. The lock is the operating system's, on the empty database
 * `<home>/lock`: it ends with the process however that dies, so none is ever left behind, and no reused pid is taken for the
 * holder. `<home>/lock.pid` only tells people who holds it.
 * Errors: `storage_failed` when another process has it.
 */
export function lockHome(home: string): { release(): void } {
  const pidFile = join(home, 'lock.pid')
  const lock = openDatabase(join(home, 'lock'), 0)
  try {
    lock.exec('begin exclusive')
  } catch (error) {
    lock.close()
    if (!sqliteCode(error)?.startsWith('SQLITE_BUSY')) throw error
    throw new Problem(
      'storage_failed',
      `Another process (pid ${pidIn(pidFile)}) uses this home: ${home}. Stop it, or choose another home.`,
    )
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return { release: () => release(lock, pidFile) }
}

function release(lock: Sqlite, pidFile: string): void {
  rmSync(pidFile, { force: true })
  lock.exec('rollback')
  lock.close()
}

function pidIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
