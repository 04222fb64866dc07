import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../../base/index.ts'
import { createExpiry } from '../expiry.ts'
import { openBlobs } from '../files/blobs.ts'
import type { Store } from '../port.ts'
import type { SqliteSettings, StoreDeps } from '../settings.ts'
import { openDatabase, prepareToWrite, type Sqlite } from './database.ts'
import { lockHome } from './home-lock.ts'
import { checkFormat } from './schema.ts'
import { storageFailed } from './storage-failed.ts'
import { createTables } from './tables.ts'
import type { Writer } from './writer.ts'
import { createWriterHere } from './writer-here.ts'
import { createWriterInThread } from './writer-in-thread.ts'

/** How long a write waits, and this process with it, for another program (a backup, a shell) to let go of the database. */
const busyTimeoutMs = 1000

export async function openSqliteStore({ home, writer }: SqliteSettings, deps: StoreDeps): Promise<Store> {
  makeHome(home)
  const path = join(home, 'store.sqlite')
  const lock = attempt(() => lockHome(home))
  try {
    const database = attempt(() => openDocuments(path))
    const openWriter = () =>
      writer === 'thread' ? createWriterInThread({ path, busyTimeoutMs }, deps.log) : createWriterHere(database)
    try {
      const blobs = await openBlobs(home, deps)
      return createStore({ database, writer: openWriter(), blobs, release: lock.release }, deps)
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

function openDocuments(path: string): Sqlite {
  const database = openDatabase(path, busyTimeoutMs)
  try {
    prepareToWrite(database)
    checkFormat(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

interface Opened {
  readonly database: Sqlite
  readonly writer: Writer
  readonly blobs: Store['blobs']
  readonly release: () => void
}

function createStore(opened: Opened, deps: StoreDeps): Store {
  let closing: Promise<void> | undefined
  const { database, writer } = opened
  const db = () => whileOpen().database
  const expiry = createExpiry(deps)
  const tables = createTables({ db, writer }, expiry)

  function whileOpen(): Opened {
    if (closing) throw new Problem('storage_failed', 'The store is closed.')
    return opened
  }

  async function close(): Promise<void> {
    expiry.end()
    try {
      await writer.close()
      attempt(() => database.exec('pragma wal_checkpoint(truncate)'))
    } finally {
      database.close()
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
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
