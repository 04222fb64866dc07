import type { Clock, Log } from '../base/index.ts'

/** `sqlite`: one file `<home>/store.sqlite`, and blobs in `<home>/blobs/`. `home` is made when it does not exist. */
export interface StoreSettings {
  readonly kind: 'sqlite'
  readonly home: string
}

export interface StoreDeps {
  readonly clock: Clock
  readonly log: Log
}
