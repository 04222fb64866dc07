import { z } from 'zod'
import { type ErrorCode, errorCatalogue, isProblem, Problem } from '../../base/index.ts'

/** A problem on its way from one process to another. */
export const carriedProblemSchema = z.strictObject({
  code: z.enum(Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string(),
  errors: z.array(
    z.strictObject({
      path: z.string(),
      message: z.string(),
      step: z.strictObject({ index: z.number(), name: z.string() }).exactOptional(),
      column: z.string().exactOptional(),
      nearest: z.array(z.string()).exactOptional(),
      position: z.number().exactOptional(),
      line: z.number().exactOptional(),
      source: z.string().exactOptional(),
    }),
  ),
  retryAfter: z.number().exactOptional(),
})

export type CarriedProblem = z.infer<typeof carriedProblemSchema>

export function carry({ code, message, errors, retryAfter }: Problem): CarriedProblem {
  return {
    code,
    detail: message,
    errors: errors.map(({ nearest, ...item }) => ({ ...item, ...(nearest && { nearest: [...nearest] }) })),
    ...(retryAfter !== undefined && { retryAfter }),
  }
}

export function unpack({ code, detail, errors, retryAfter }: CarriedProblem): Problem {
  return new Problem(code, detail, { errors, ...(retryAfter !== undefined && { retryAfter }) })
}

/** What is wrong with one process or one client, and says nothing about what the others would get. */
const ofOneProcess: ReadonlySet<ErrorCode> = new Set(['cancelled', 'overloaded', 'not_ready', 'internal'])

export function concernsEveryone(error: unknown): error is Problem {
  return isProblem(error) && !ofOneProcess.has(error.code)
}

/** Errors of a source, which would hardly give another answer a moment later. Refusals and mistakes in a query cost no source. */
const ofSources: ReadonlySet<ErrorCode> = new Set(['source_failed', 'source_timeout', 'query_timeout'])

export function isSourceError(error: unknown): error is Problem {
  return isProblem(error) && ofSources.has(error.code)
}
