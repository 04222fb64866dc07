import type { Clock, Log } from '../base/index.ts'
import type { Config } from '../config/index.ts'

/** One file `<home>/store.sqlite`, and blobs in `<home>/blobs/`. `home` is made when it does not exist. */
export interface SqliteSettings {
  readonly kind: 'sqlite'
  readonly home: string
  /**
   * What waits for the disk: the thread that asks, which is soonest ready, or (`thread`) one of its own, for what serves others
   * meanwhile. Without it: `here`.
   */
  readonly writer?: 'here' | 'thread'
}

/** Collections of one database, and blobs in GridFS there. */
export interface MongoStoreSettings {
  readonly kind: 'mongo'
  readonly mongo: Config['mongo']
}

export type StoreSettings = SqliteSettings | MongoStoreSettings

export interface StoreDeps {
  readonly clock: Clock
  readonly log: Log
}
