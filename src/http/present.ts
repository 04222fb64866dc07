import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../base/index.ts'
import { hasTag } from './preconditions.ts'
import type { Reply, Route } from './route.ts'

const jsonType = 'application/json; charset=utf-8'

/** Whether a route only reads: its answers may be 304, and its log lines are for debugging. */
export function isReading(route: Route): boolean {
  return route.method === 'GET' || (route.scope !== 'public' && route.action.endsWith('.read'))
}

/** Sends what a handler gave back. Errors: `internal` for a value that the route's `response` does not admit. */
export function present(route: Route, request: FastifyRequest, reply: FastifyReply) {
  return ({ status, headers, body }: Reply<unknown>): void => {
    if (headers) reply.headers(headers)
    reply.code(status ?? (body === null ? 204 : 200))
    if (isUnchanged(route, request, reply)) {
      if (body instanceof Readable) body.destroy()
      reply.code(304).send()
    } else if (body === null) {
      reply.send()
    } else if (Buffer.isBuffer(body) || body instanceof Readable) {
      reply.send(body)
    } else {
      reply.type(jsonType).send(toJson(route, reply, body))
    }
  }
}

/** Checks a plain value against the route's `response` and prints it. The status must be set before. */
export function toJson(route: Route, reply: FastifyReply, body: unknown): string {
  if (!route.response)
    throw new Problem('internal', `${route.method} ${route.url} answers a value but promises no shape of it.`)
  return String(reply.serialize(body))
}

function isUnchanged(route: Route, request: FastifyRequest, reply: FastifyReply): boolean {
  const wanted = request.headers['if-none-match']
  if (wanted === undefined || reply.statusCode !== 200 || !isReading(route)) return false
  const etag = reply.getHeader('etag')
  return typeof etag === 'string' && hasTag(wanted, etag)
}
