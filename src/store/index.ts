export { openStore } from './open-store.ts'
export type { Blobs, Collection, CollectionSpec, Filter, FindOptions, Store, Stored } from './port.ts'
export { createReadMemory, type ReadMemory } from './read-memory.ts'
export type { StoreDeps, StoreSettings } from './settings.ts'
