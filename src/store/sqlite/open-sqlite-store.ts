import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../../base/index.ts'
import { createExpiry } from '../expiry.ts'
import { openBlobs } from '../files/blobs.ts'
import type { Store } from '../port.ts'
import type { StoreDeps } from '../settings.ts'
import { openDatabase, type Sqlite, storageFailed } from './database.ts'
import { watchForeignChanges } from './foreign-changes.ts'
import { createGroupCommit } from './group-commit.ts'
import { lockHome } from './home-lock.ts'
import { checkFormat } from './schema.ts'
import { createTables } from './tables.ts'

/** How long a write waits, and this process with it, for another program (a backup, a shell) to let go of the database. */
const busyTimeoutMs = 1000

export async function openSqliteStore(home: string, deps: StoreDeps): Promise<Store> {
  makeHome(home)
  const lock = attempt(() => lockHome(home))
  try {
    const database = attempt(() => openDocuments(join(home, 'store.sqlite')))
    try {
      return createStore({ database, blobs: await openBlobs(home, deps), release: lock.release }, deps)
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

function makeHome(home: string): void {
  try {
    // It will hold password hashes and everybody's rows.
    mkdirSync(home, { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new Problem('storage_failed', `The home ${home} cannot be made. Choose a folder that can be written.`, {
      cause,
    })
  }
}

function attempt<R>(open: () => R): R {
  try {
    return open()
  } catch (error) {
    throw storageFailed(error)
  }
}

/**
 * `synchronous = full`: each commit waits for the disk. With `normal` a power cut may take back commits that were answered, and
 * a pointer that moves back would name versions and blobs that were swept after it had moved forward.
 */
function openDocuments(path: string): Sqlite {
  const database = openDatabase(path, busyTimeoutMs)
  try {
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    checkFormat(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

interface Opened {
  readonly database: Sqlite
  readonly blobs: Store['blobs']
  readonly release: () => void
}

function createStore(opened: Opened, deps: StoreDeps): Store {
  let closed = false
  const db = () => whileOpen().database
  const commits = createGroupCommit(db)
  const foreignChanges = watchForeignChanges(opened.database)
  const expiry = createExpiry(deps)
  const tables = createTables({ db, commits, foreignChanges: foreignChanges.count }, expiry)

  function whileOpen(): Opened {
    if (closed) throw new Problem('storage_failed', 'The store is closed.')
    return opened
  }

  async function close(): Promise<void> {
    if (closed) return
    commits.flush()
    closed = true
    foreignChanges.end()
    expiry.end()
    try {
      attempt(() => opened.database.exec('pragma wal_checkpoint(truncate)'))
    } finally {
      opened.database.close()
      opened.release()
    }
  }

  return {
    shared: false,
    ...tables,
    blobs: {
      put: async (content) => whileOpen().blobs.put(content),
      get: async (hash, range) => whileOpen().blobs.get(hash, range),
      sweep: async (keep, graceMs) => whileOpen().blobs.sweep(keep, graceMs),
    },
    ping: async () => void attempt(() => db().get("select value from meta where name = 'format'", [])),
    close,
  }
}
