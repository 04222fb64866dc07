import type { Clock, Log } from '../base/index.ts'
import type { Config } from '../config/index.ts'

/** `memory`: within this process only. `cacheBytes` bounds the cache, its keys included; 0 keeps nothing. */
export type BusSettings =
  | { readonly kind: 'memory'; readonly cacheBytes: number }
  | { readonly kind: 'redis'; readonly redis: Config['redis'] }

export interface BusDeps {
  readonly clock: Clock
  readonly log: Log
}
