import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Auth } from '../auth/index.ts'
import { type ErrorCode, type Log, newSecret, Problem } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import { secureSecurityHeaders, securityHeaders } from './headers.ts'
import type { IdempotencyStore } from './idempotency.ts'
import { acceptJsonBodies } from './json-body.ts'
import { registerOpenApi } from './openapi.ts'
import { registerPages } from './pages.ts'
import { isReading } from './present.ts'
import { createErrorHandler, problemDocument } from './problems.ts'
import type { Route } from './route.ts'
import { addressOf, registerRoutes } from './routes.ts'
import { serializerCompiler, validatorCompiler } from './schema-compilers.ts'

export interface ServerDeps {
  readonly routes: readonly Route[]
  readonly authenticate: Auth['authenticate']
  /** Knows some callers at once. */
  readonly recall?: Auth['recall'] | undefined
  readonly log: Log
  readonly settings: Config['http']
  /** Of the program, for `GET /` and the API's description. */
  readonly version: string
  readonly staticFolders?: { readonly console?: string | undefined } | undefined
  /** Without it the `Idempotency-Key` header has no effect. */
  readonly idempotency?: IdempotencyStore | undefined
  /** Told of each answer, as soon as it is sent. */
  readonly observe?: ((seen: SeenRequest) => void) | undefined
}

/** A request that was answered. `route` is the pattern of its address, or `none` where nothing is. */
export interface SeenRequest {
  readonly method: string
  readonly route: string
  readonly status: number
  /** How long it took. */
  readonly ms: number
}

/** Answers `inject` at once, and the network after `listen`. `close` ends both. */
export type Server = FastifyInstance

/** A slow upload may take its time, a connection that only trickles may not stay for ever. */
const requestTimeoutMs = 30 * 60_000

/** A username of 254 characters, each of them four percent-encoded bytes. */
const longestParam = 254 * 12

export async function createServer(deps: ServerDeps): Promise<Server> {
  const { settings, log, version } = deps
  const handleError = createErrorHandler(log)
  const makeId = requestIds()
  const server = fastify({
    logger: false,
    bodyLimit: settings.body_limit,
    trustProxy: settings.trust_proxy.length > 0 ? [...settings.trust_proxy] : false,
    requestTimeout: requestTimeoutMs,
    routerOptions: { maxParamLength: longestParam },
    genReqId: makeId,
    frameworkErrors(error, request, reply) {
      // No hook has run yet.
      addHeaders(request, reply)
      handleError(error, request, reply)
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, { socket, requestId: makeId() }),
  })
  server.setErrorHandler(handleError)
  server.setNotFoundHandler((request) => {
    throw nothingAt(request)
  })
  server.setValidatorCompiler(validatorCompiler)
  server.setSerializerCompiler(serializerCompiler)
  acceptJsonBodies(server)
  addHooks(server, deps)
  await registerOpenApi(server, { version, page: settings.docs_page })
  await registerPages(server, { version, console: deps.staticFolders?.console })
  await registerRoutes(server, { ...deps, uploadLimit: settings.upload_limit })
  await server.ready()
  return server
}

/** Few and synchronous: every request passes them. */
function addHooks(server: FastifyInstance, { log, observe }: ServerDeps): void {
  server.decorateRequest('caller', null)
  server.decorateRequest('target', null)
  server.decorateRequest('route', null)
  server.decorateRequest('bytes', null)
  server.decorateRequest('startedAt', 0)
  server.addHook('onRequest', (request, reply, done) => {
    request.startedAt = performance.now()
    addHeaders(request, reply)
    // Here already, so that the body of a request to nowhere is not read.
    done(request.is404 ? nothingAt(request) : undefined)
  })
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.route ?? request.routeOptions.config.laputa
    const quiet = reply.statusCode < 400 && route !== undefined && isReading(route)
    const { method } = request
    const status = reply.statusCode
    // The pattern: addresses may hold names, and queries anything.
    const pattern = request.route ? addressOf(request.route) : (request.routeOptions.url ?? null)
    const ms = Math.round((performance.now() - request.startedAt) * 10) / 10
    observe?.({ method, route: pattern ?? 'none', status, ms })
    const username = request.caller?.principal.username ?? null
    const line = { requestId: request.id, method, route: pattern, status, ms, username }
    if (quiet) log.debug(line, 'request')
    else log.info(line, 'request')
    done()
  })
}

function addHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(request.protocol === 'https' ? secureSecurityHeaders : securityHeaders)
  reply.header('x-request-id', request.id)
}

function nothingAt({ method, url }: FastifyRequest): Problem {
  const [path = ''] = url.split('?')
  return new Problem('not_found', `There is nothing at ${method} ${path.slice(0, 200)}.`)
}

/** An incoming `X-Request-Id` is kept where it is harmless in logs; ours are a start of random text and a count. */
function requestIds(): (request?: IncomingMessage) => string {
  const prefix = newSecret(6)
  let count = 0
  return (request) => {
    const given = request?.headers['x-request-id']
    if (typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given)) return given
    count++
    return `${prefix}-${count.toString(36)}`
  }
}

const connectionErrors: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
}

/** What cannot even be read as HTTP is answered by hand, since there is no request yet. */
function refuseConnection(
  error: NodeJS.ErrnoException,
  { socket, requestId }: { socket: Socket; requestId: string },
): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy()
    return
  }
  const problem = new Problem(connectionErrors[error.code ?? ''] ?? 'invalid_request', 'The request is not valid HTTP.')
  const body = JSON.stringify(problemDocument(problem, requestId))
  const head = [
    `HTTP/1.1 ${problem.status} Bad Request`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'cache-control: no-store',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
