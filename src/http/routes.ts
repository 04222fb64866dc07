import multipart from '@fastify/multipart'
import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  HTTPMethods,
  onRequestHookHandler,
  RouteHandlerMethod,
} from 'fastify'
import { authorize, noSuchApp, type Stage } from '../access/index.ts'
import type { Auth } from '../auth/index.ts'
import { type Log, Problem } from '../base/index.ts'
import { appContext, callerOf, publicContext, signedInContext } from './context.ts'
import { readCredentials } from './credentials.ts'
import { hasIdempotencyKey, type IdempotencyStore, runOnce } from './idempotency.ts'
import { present, sendError } from './present.ts'
import { checkLater, recallingHandler } from './recalling.ts'
import { type Input, mayRecall, type Reply, type Route } from './route.ts'
import { readUpload, uploadLimits } from './upload.ts'

export interface RoutesDeps {
  readonly routes: readonly Route[]
  readonly authenticate: Auth['authenticate']
  readonly recall?: Auth['recall'] | undefined
  readonly log: Log
  /** Bytes. */
  readonly uploadLimit: number
  readonly idempotency?: IdempotencyStore | undefined
}

/** Registers public routes in a scope of their own, and all others in a scope that nobody enters without a sign-in. */
export async function registerRoutes(server: FastifyInstance, deps: RoutesDeps): Promise<void> {
  const isPublic = (route: Route) => route.scope === 'public'
  const isUpload = (route: Route) => route.upload === true
  const guarded = deps.routes.filter((route) => !isPublic(route))
  await server.register(async (scope) => addRoutes(scope, deps.routes.filter(isPublic), deps))
  await server.register(async (scope) => {
    scope.addHook('onRequest', authenticationHook(deps))
    addRoutes(
      scope,
      guarded.filter((route) => !isUpload(route)),
      deps,
    )
    await scope.register(async (uploads) => {
      await uploads.register(multipart, { limits: uploadLimits })
      addRoutes(uploads, guarded.filter(isUpload), deps)
    })
  })
  refuseOtherMethods(server, deps.routes)
}

function authenticationHook({ authenticate, recall = () => undefined }: RoutesDeps): onRequestHookHandler {
  return (request, _reply, done) => {
    const credentials = readCredentials(request)
    if (!credentials)
      throw new Problem('unauthenticated', 'This needs a sign-in: send "Authorization: Bearer <token>".')
    const caller = recall(credentials)
    if (caller) {
      request.caller = caller
      done()
      return
    }
    authenticate(credentials).then((caller) => {
      request.caller = caller
      done()
    }, done)
  }
}

function addRoutes(scope: FastifyInstance, routes: readonly Route[], deps: RoutesDeps): void {
  for (const route of routes) {
    const handle = handlerOf(route, deps)
    scope.route({
      method: route.method,
      url: addressOf(route),
      schema: schemaOf(route),
      config: { laputa: route },
      onRequest: authorizationHook(route),
      ...(mayRecall(route)
        ? { validatorCompiler: checkLater, handler: recallingHandler(route, { handle, log: deps.log }) }
        : { handler: handle }),
    })
  }
}

/** The pattern of a route's address. */
export function addressOf({ scope, url }: Route): string {
  return scope === 'app' ? `/:app${url}` : url
}

function schemaOf({ params, query, body, response }: Route): FastifySchema {
  return {
    ...(params && { params }),
    ...(query && { querystring: query }),
    ...(body && { body }),
    ...(response && { response: { '2xx': response } }),
  }
}

function authorizationHook(route: Route): onRequestHookHandler[] {
  if (route.scope === 'public') return []
  const { scope, action } = route
  return [
    (request, _reply, done) => {
      const { principal } = callerOf(request)
      request.route = route
      if (scope === 'app') {
        request.target = targetOf(request)
        authorize(principal, action, request.target)
      } else authorize(principal, action)
      done()
    },
  ]
}

/** Takes `?stage=` out of the query, so that the schemas of routes need not repeat it. */
function targetOf(request: FastifyRequest): { app: string; stage: Stage } {
  const { app } = request.params as { app: string }
  if (!/^[a-z0-9-]{1,64}$/.test(app)) throw noSuchApp(app.slice(0, 64))
  const query = request.query as { stage?: unknown }
  const { stage = 'production' } = query
  delete query.stage
  if (stage === 'production' || stage === 'staging') return { app, stage }
  const message = 'The stage is "staging" or "production".'
  throw new Problem('invalid_request', message, { errors: [{ path: '?stage', message }] })
}

function handlerOf(route: Route, deps: RoutesDeps): RouteHandlerMethod {
  const mayRepeat = route.method === 'POST' && route.scope !== 'public' && route.upload !== true
  const store = mayRepeat ? deps.idempotency : undefined
  // Not an async function: awaiting the reply would make the framework watch the end of each answer.
  return (request, reply) => {
    const run = () => callHandler(route, { request, reply, deps })
    const answer = store && hasIdempotencyKey(request) ? runOnce(store, { route, request, reply, run }) : run()
    answer.then(present(route, request, reply)).catch(sendError(reply))
  }
}

interface Call {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly deps: RoutesDeps
}

async function callHandler(route: Route, { request, reply, deps }: Call): Promise<Reply<unknown>> {
  const exchange = { request, reply, log: deps.log }
  const input: Input<never, never, never> = {
    // As the schemas of the route made them, of which its type knows no more here.
    params: request.params as never,
    query: request.query as never,
    body: request.body as never,
    headers: request.headers as Record<string, string | undefined>,
    startedAt: request.startedAt,
    bytes: request.bytes ?? undefined,
    secure: request.protocol === 'https',
    upload: () => readUpload({ request, reply, limit: deps.uploadLimit }),
  }
  if (route.scope === 'app') return route.handle(appContext(exchange), input)
  if (route.scope === 'instance') return route.handle(signedInContext(exchange), input)
  return route.handle(publicContext(exchange), input)
}

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Whether an address is among those that a pattern stands for: `/:app/permissions/simulate` is one of `/:app/permissions/:domain` too. */
function covers(pattern: string, url: string): boolean {
  const [wide, narrow] = [pattern.split('/'), url.split('/')]
  return wide.length === narrow.length && wide.every((part, at) => part.startsWith(':') || part === narrow[at])
}

/** Answers 405 with `Allow` where an address exists, but not for the method. */
function refuseOtherMethods(server: FastifyInstance, routes: readonly Route[]): void {
  for (const url of new Set(routes.map(addressOf))) {
    const taking = routes.filter((route) => covers(addressOf(route), url)).map(({ method }) => method)
    const known = new Set<HTTPMethods>(taking.includes('GET') ? [...taking, 'HEAD'] : taking)
    const allow = [...known].sort().join(', ')
    const refuse: onRequestHookHandler = (request, reply, done) => {
      reply.header('allow', allow)
      done(new Problem('method_not_allowed', `${request.method} is not possible here; use ${allow}.`))
    }
    const method = methods.filter((name) => !known.has(name))
    server.route({ method, url, schema: { hide: true }, onRequest: refuse, handler: () => {} })
  }
}
