import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorCatalogue, isProblem, type Log, Problem, type ProblemItem } from '../base/index.ts'

/** The body of every answer that is an error (RFC 9457). */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
  readonly requestId: string
  readonly errors: readonly ProblemItem[]
}

const contentType = 'application/problem+json; charset=utf-8'

/** What an operator has to look at; the other errors are answers like any other. */
const faults: ReadonlySet<ErrorCode> = new Set(['internal', 'storage_failed', 'config_invalid'])

/** The one place where errors become answers. Whatever is not a `Problem` is told as `internal`: its text goes to the log only. */
export function createErrorHandler(log: Log) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = reply.raw.destroyed ? new Problem('cancelled', 'The client left.') : toProblem(error)
    if (faults.has(problem.code)) logFault(log, request, { error, problem })
    if (problem.status === 401) reply.header('www-authenticate', challenge(request.headers.authorization))
    if (problem.retryAfter !== undefined) reply.header('retry-after', String(problem.retryAfter))
    reply.header('cache-control', 'no-store').removeHeader('etag')
    reply
      .code(problem.status)
      .type(contentType)
      .send(JSON.stringify(problemDocument(problem, request.id)))
  }
}

export function problemDocument(problem: Problem, requestId: string): ProblemDocument {
  const { code, status, message, errors } = problem
  // What is our fault is described in the log, not to the world.
  const detail =
    code === 'internal' ? 'Something went wrong here; the log has the cause under the request id.' : message
  return { type: `/docs/errors#${code}`, title: errorCatalogue[code].title, status, code, detail, requestId, errors }
}

/** Errors of the framework, in our words: its own repeat what the client sent. */
const frameworkErrors: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_BAD_URL: ['invalid_request', 'The address is not properly percent-encoded.'],
  FST_ERR_MAX_PARAM_LENGTH: ['invalid_request', 'A part of the address is too long.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['too_large', 'The body is larger than the limit (http.body_limit).'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'invalid_request',
    'The body has another length than the Content-Length header says.',
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'unsupported_media_type',
    'The Content-Type header is not valid; send "application/json".',
  ],
}

function toProblem(error: unknown): Problem {
  if (isProblem(error)) return error
  const known = error instanceof Error && 'code' in error ? frameworkErrors[String(error.code)] : undefined
  if (known) return new Problem(...known, { cause: error })
  return new Problem('internal', 'An unexpected error.', { cause: error })
}

function logFault(log: Log, request: FastifyRequest, { error, problem }: { error: unknown; problem: Problem }): void {
  const { method, routeOptions, id } = request
  log.error(
    { err: error, code: problem.code, cause: problem.cause, requestId: id, method, route: routeOptions.url },
    'request failed',
  )
}

/** Only who tried HTTP Basic is asked for it again: browsers would open a dialog of their own. */
function challenge(authorization: string | undefined): string {
  if (authorization !== undefined && /^basic /i.test(authorization)) return 'Basic realm="laputa", charset="UTF-8"'
  return authorization === undefined ? 'Bearer realm="laputa"' : 'Bearer realm="laputa", error="invalid_token"'
}
