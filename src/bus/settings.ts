import type { Clock, Log } from '../base/index.ts'

/** `memory`: within this process only. `cacheBytes` bounds the cache, its keys included; 0 keeps nothing. */
export interface BusSettings {
  readonly kind: 'memory'
  readonly cacheBytes: number
}

export interface BusDeps {
  readonly clock: Clock
  readonly log: Log
}
