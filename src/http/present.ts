import type { OutgoingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../base/index.ts'
import { type Coding, chooseCoding, tagOfCoding } from './content-coding.ts'
import { hasTag } from './preconditions.ts'
import type { Reply, Route } from './route.ts'

const jsonType = 'application/json; charset=utf-8'

/** Whether a route only reads: its answers may be 304, and its log lines are for debugging. */
export function isReading(route: Route): boolean {
  return route.method === 'GET' || (route.scope !== 'public' && route.action.endsWith('.read'))
}

/** Sends what a handler gave back. Errors: `internal` for a value that the route's `response` does not admit. */
export function present(route: Route, request: FastifyRequest, reply: FastifyReply) {
  // Not an async function: only a compressed form has to be waited for.
  return ({ status, headers, body, compressed }: Reply<unknown>): undefined | Promise<void> => {
    if (headers) reply.headers(headers)
    reply.code(status ?? (body === null ? 204 : 200))
    const coding = compressed ? negotiate(request, reply) : null
    if (isUnchanged(route, request, reply)) {
      if (body instanceof Readable) body.destroy()
      reply.code(304).send()
      return undefined
    }
    if (coding && compressed) return compressed(coding).then((bytes) => sendAs(reply, coding, bytes))
    sendPlain(route, reply, body)
    return undefined
  }
}

/** Sends what went wrong on the way to an answer. */
export function sendError(reply: FastifyReply) {
  return (error: unknown): void => {
    const problem = () => new Problem('internal', 'Something that is no error was thrown.', { cause: error })
    reply.send(error instanceof Error ? error : problem())
  }
}

function sendAs(reply: FastifyReply, coding: Coding, bytes: Buffer): void {
  sendBytes(reply.header('content-encoding', coding), bytes)
}

function sendPlain(route: Route, reply: FastifyReply, body: unknown): void {
  if (body === null) reply.send()
  else if (Buffer.isBuffer(body)) sendBytes(reply, body)
  else if (body instanceof Readable) sendStream(reply, body)
  else reply.type(jsonType).send(toJson(route, reply, body))
}

function sendStream(reply: FastifyReply, body: Readable): void {
  if (reply.request.method !== 'HEAD') reply.send(body)
  else {
    // The framework would read the stream to its end, and some have none.
    body.destroy()
    reply.send()
  }
}

/** Above this, copying the body takes longer than it saves. */
const fitsInOnePiece = 12 * 1024

/**
 * Small bodies go out in one piece with their head, as a text of which each character is a byte: a text and a buffer, which is how the
 * framework sends bytes, take the runtime a tenth of an answer's time longer. There are no hooks that would have to see them.
 */
function sendBytes(reply: FastifyReply, body: Buffer): void {
  const { raw, request } = reply
  if (body.length > fitsInOnePiece || request.method === 'HEAD') {
    reply.send(body)
    return
  }
  // First, because it may throw, and the framework can still answer then.
  raw.writeHead(raw.statusCode, reply.header('content-length', body.length).getHeaders() as OutgoingHttpHeaders)
  reply.hijack()
  raw.end(body.toString('latin1'), 'latin1')
}

/** Chooses the form of an answer that has several, and sets the headers that tell them apart: a 304 carries them too. */
function negotiate(request: FastifyRequest, reply: FastifyReply): Coding | null {
  const vary = String(reply.getHeader('vary') ?? '')
  if (!vary.includes('Accept-Encoding')) reply.header('vary', `${vary}${vary && ', '}Accept-Encoding`)
  const coding = chooseCoding(request.headers['accept-encoding'])
  const etag = reply.getHeader('etag')
  if (coding && typeof etag === 'string') reply.header('etag', tagOfCoding(etag, coding))
  return coding
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
