import type { Part } from './probes/watch-parts.ts'
import type { Product } from './product.ts'

/** The servers of a process. Without the store nothing works; whether the bus is needed depends on what the process does. */
export function partsOf({ store, bus }: Pick<Product, 'store' | 'bus'>, needed: { readonly bus: boolean }): Part[] {
  return [
    { name: 'store', needed: true, check: () => store.ping() },
    { name: 'bus', needed: needed.bus, check: () => bus.ping() },
  ]
}
