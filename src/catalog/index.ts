export { type Catalog, createCatalog } from './catalog.ts'
export type { OperationAttempt } from './fences.ts'
export type {
  App,
  ConnectionSource,
  DerivedDomain,
  Domain,
  LiveDomain,
  PublishedPart,
  PublishRequest,
  Release,
  SavedQuery,
  StoredDomain,
  UploadSource,
} from './release.ts'
export { publishedParts } from './release.ts'
