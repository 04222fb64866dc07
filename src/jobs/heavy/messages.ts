import { z } from 'zod'
import { type ErrorCode, errorCatalogue, isProblem, type Json, Problem, type ProblemItem } from '../../base/index.ts'

/*
 * What a process says to the child that works for it, and hears. Both sides validate: a child may be killed while it writes, and
 * what a work gives may be anything.
 */

export const toChildSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), id: z.number(), name: z.string(), payload: z.unknown() }),
  z.object({ kind: z.literal('abort'), id: z.number() }),
])
export type ToChild = z.infer<typeof toChildSchema>

const itemSchema = z.custom<ProblemItem>(
  (value) => z.looseObject({ path: z.string(), message: z.string() }).safeParse(value).success,
)

const codes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]]

const failureSchema = z.object({
  code: z.enum(codes),
  detail: z.string(),
  errors: z.array(itemSchema),
  retryAfter: z.number().optional(),
  /** What nobody expected, for the log. */
  cause: z.string().optional(),
})
export type Failure = z.infer<typeof failureSchema>

export const fromChildSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('progress'),
    id: z.number(),
    at: z.object({ stage: z.string(), percent: z.number().optional() }),
  }),
  z.object({ kind: z.literal('done'), id: z.number(), result: z.custom<Json>((value) => value !== undefined) }),
  z.object({ kind: z.literal('failed'), id: z.number(), failure: failureSchema }),
  /** Resident memory in bytes, where the parent cannot read it itself. */
  z.object({ kind: z.literal('memory'), bytes: z.number() }),
])
export type FromChild = z.infer<typeof fromChildSchema>

export function failureOf(error: unknown): Failure {
  if (!isProblem(error)) {
    const cause = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { code: 'internal', detail: 'Something went wrong here; the log has the cause.', errors: [], cause }
  }
  const { code, message, errors, retryAfter } = error
  const cause = error.cause instanceof Error ? error.cause.stack : undefined
  return {
    code,
    detail: message,
    errors: [...errors],
    ...(retryAfter !== undefined && { retryAfter }),
    ...(cause !== undefined && { cause }),
  }
}

export function problemFrom({ code, detail, errors, retryAfter, cause }: Failure): Problem {
  return new Problem(code, detail, {
    errors,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(cause !== undefined && { cause: new Problem('internal', cause) }),
  })
}
