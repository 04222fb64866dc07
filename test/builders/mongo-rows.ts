import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Db, MongoClient } from 'mongodb'
import { type Clock, silentLog, systemClock } from '../../src/base/index.ts'
import { type Config, loadConfig } from '../../src/config/index.ts'
import { openRows, type Rows } from '../../src/rows/index.ts'
import { standInName } from '../services/mongo-stand-in/stand-in.ts'

/** The server of a test run; undefined: none is there. */
export const mongoUrl = process.env.LAPUTA_TEST_MONGO_URL
export const isStandIn = mongoUrl?.includes(standInName) === true

interface OpenOptions {
  readonly clock?: Clock
  /** Another way to the server. */
  readonly url?: string | undefined
  /** How long it waits for the server. */
  readonly serverTimeoutMs?: number
}

/** A database of its own on the server, and a folder. */
export interface MongoPlace {
  readonly db: Db
  readonly home: string
  readonly settings: Config['mongo']
  /** Another opener of the same rows. */
  open(options?: OpenOptions): Promise<Rows>
  /** Drops the database and removes the folder. */
  remove(): Promise<void>
}

export async function mongoPlace(): Promise<MongoPlace> {
  const database = `laputa_${randomBytes(6).toString('hex')}`
  const home = await mkdtemp(join(tmpdir(), 'laputa-rows-'))
  const client = await new MongoClient(mongoUrl ?? '').connect()
  const mongo = { ...loadConfig({ env: {} }).mongo, url: mongoUrl, database }
  return {
    db: client.db(database),
    home,
    settings: mongo,
    open: (options = {}) => {
      const { clock = systemClock, serverTimeoutMs = mongo.server_timeout } = options
      const url = 'url' in options ? options.url : mongo.url
      const memory = { memoryLimitBytes: 512 * 2 ** 20, threads: 2, maxColumns: 4096 }
      const settings = { ...mongo, url, server_timeout: serverTimeoutMs }
      return openRows({ kind: 'mongo', mongo: settings, home, ...memory }, { clock, log: silentLog })
    },
    remove: async () => {
      await client.db(database).dropDatabase()
      await client.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}
