export { type Catalog, createCatalog } from './catalog.ts'
export type {
  App,
  DerivedDomain,
  Domain,
  LiveDomain,
  PublishRequest,
  Release,
  SavedQuery,
  StoredDomain,
} from './release.ts'
