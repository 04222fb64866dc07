export { noSessionCookie, requestHeader, sessionCookie } from './credentials.ts'
export type { IdempotencyStore } from './idempotency.ts'
export { expectedVersion } from './preconditions.ts'
export {
  appRoute,
  instanceRoute,
  publicRoute,
  type Reply,
  type Route,
  type Upload,
  type UploadedPart,
} from './route.ts'
export { createServer, type Server } from './server.ts'
export { visibleName } from './visible-name.ts'
