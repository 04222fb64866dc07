export { openStore } from './open-store.ts'
export type { Blobs, Collection, CollectionSpec, Filter, FindOptions, Store, Stored } from './port.ts'
export type { StoreDeps, StoreSettings } from './settings.ts'
