export { noSessionCookie, requestHeader, sessionCookie } from './credentials.ts'
export type { IdempotencyStore } from './idempotency.ts'
export { eventStream } from './live/event-stream.ts'
export { createMessage, type Enter, type Message, type Outlet, type Visitor } from './live/outlet.ts'
export { createSockets, type Sockets, type SocketsDeps } from './live/sockets.ts'
export { type LongWork, longWork } from './long-work.ts'
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
export { createServer, type SeenRequest, type Server, type ServerDeps } from './server.ts'
export { visibleName } from './visible-name.ts'
