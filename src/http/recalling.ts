import type { FastifyRequest, FastifySchema, FastifySchemaCompiler, RouteHandlerMethod } from 'fastify'
import type { z } from 'zod'
import type { Log } from '../base/index.ts'
import { appContext } from './context.ts'
import { hasIdempotencyKey } from './idempotency.ts'
import { parseJson } from './json-body.ts'
import { present, sendError } from './present.ts'
import type { RecallInput, RecallingRoute } from './route.ts'
import { checkerOf } from './schema-compilers.ts'

/** For routes with `recall`: leaves the body and the query to the handler, which checks them when it has to look at them. */
export const checkLater: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart = 'body' }) =>
  // The framework's type does not say that a part of a schema comes here, which with us is one of Zod.
  httpPart === 'params' ? checkerOf(schema as z.ZodType, httpPart) : (data: unknown) => ({ value: data })

/** Answers with what `recall` knows, otherwise with what `handle` makes of the parsed and checked body. */
export function recallingHandler(
  route: RecallingRoute,
  { handle, log }: { handle: RouteHandlerMethod; log: Log },
): RouteHandlerMethod {
  const body = checkOf(route.body, 'body')
  const query = checkOf(route.query, 'querystring')

  return function (request, reply) {
    request.bytes = recallableBytes(request)
    const known = request.bytes && route.recall(appContext({ request, reply, log }), inputOf(request, request.bytes))
    if (known) {
      present(route, request, reply)(known)?.catch(sendError(reply))
      return
    }
    request.body = body((Buffer.isBuffer(request.body) ? parseJson(request.body) : request.body) ?? null)
    request.query = query(request.query)
    return handle.call(this, request, reply)
  }
}

/** Errors: those of `checkerOf`. */
function checkOf(schema: z.ZodType | undefined, httpPart: string): (data: unknown) => unknown {
  const check = schema && checkerOf(schema, httpPart)
  return (data) => {
    const checked = check ? check(data) : { value: data }
    if ('error' in checked) throw checked.error
    return checked.value
  }
}

function inputOf({ headers, startedAt }: FastifyRequest, bytes: Buffer): RecallInput {
  return { bytes, startedAt, headers: headers as RecallInput['headers'] }
}

/** Null for a request that more than its body and its caller describe. */
function recallableBytes(request: FastifyRequest): Buffer | null {
  const { body } = request
  // The stage has been taken out of the query; what else stands there is for the handler.
  for (const _ in request.query as object) return null
  return Buffer.isBuffer(body) && !hasIdempotencyKey(request) ? body : null
}
