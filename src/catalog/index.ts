export { type Catalog, createCatalog } from './catalog.ts'
export type { App, PublishRequest, Release, StoredDomain } from './release.ts'
