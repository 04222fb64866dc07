export { noSessionCookie, requestHeader, sessionCookie } from './credentials.ts'
export type { IdempotencyStore } from './idempotency.ts'
export { expectedVersion } from './preconditions.ts'
export type { ProblemDocument } from './problems.ts'
export {
  appRoute,
  type Input,
  instanceRoute,
  type PublicCtx,
  publicRoute,
  type Reply,
  type Route,
  type SignedInCtx,
  type Upload,
  type UploadedPart,
} from './route.ts'
export { createServer, type Server, type ServerDeps } from './server.ts'
export { visibleName } from './visible-name.ts'
