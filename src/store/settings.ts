import type { Clock, Log } from '../base/index.ts'
import type { Config } from '../config/index.ts'

/**
 * `sqlite`: one file `<home>/store.sqlite`, and blobs in `<home>/blobs/`. `home` is made when it does not exist. `mongo`: collections
 * of one database, and blobs in GridFS there.
 */
export type StoreSettings =
  | { readonly kind: 'sqlite'; readonly home: string }
  | { readonly kind: 'mongo'; readonly mongo: Config['mongo'] }

export interface StoreDeps {
  readonly clock: Clock
  readonly log: Log
}
