import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify'
import type { z } from 'zod'
import { jsonPointer, Problem, type ProblemItem } from '../base/index.ts'

type Issue = z.core.$ZodIssue

const partNames: Readonly<Record<string, string>> = { body: 'body', querystring: 'query', params: 'address' }

export const validatorCompiler: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) =>
  checkerOf(schema, httpPart)

/** Checks a part of a request. Errors: `invalid_request` with one item for each thing that is wrong. */
export function checkerOf(schema: z.ZodType, httpPart: string) {
  const part = partNames[httpPart] ?? httpPart
  return (data: unknown): { value: unknown } | { error: Problem } => {
    const result = schema.safeParse(data)
    if (result.success) return { value: result.data }
    if (httpPart === 'body' && data === null) return { error: missingBody() }
    const errors = result.error.issues.flatMap((issue) => itemsOf(issue, httpPart))
    return {
      error: new Problem('invalid_request', `The ${part} of the request is not valid: ${summary(errors)}`, { errors }),
    }
  }
}

/** Checks an answer before it is sent. A handler that answers what its route does not promise is a fault of ours: `internal`. */
export const serializerCompiler: FastifySerializerCompiler<z.ZodType> = ({ schema, method, url }) => {
  return (data: unknown) => {
    const result = schema.safeParse(data)
    if (result.success) return JSON.stringify(result.data)
    const issues = result.error.issues.map(({ path, code, message }) => ({ path: jsonPointer(path), code, message }))
    throw new Problem('internal', `${method} ${url} answered something else than it promises.`, { cause: issues })
  }
}

function missingBody(): Problem {
  const message = 'This request needs a JSON body.'
  return new Problem('invalid_request', message, { errors: [{ path: '', message }] })
}

function summary(errors: readonly ProblemItem[]): string {
  const first = errors[0]
  if (!first) return 'it has another shape.'
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return `${first.path === '' ? '' : `${first.path}: `}${first.message}${more}`
}

function itemsOf(issue: Issue, httpPart: string): ProblemItem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: placeOf([...issue.path, key], httpPart),
      message: 'This field is not known here.',
    }))
  }
  const inner = nearestBranch(issue)
  if (inner) return inner.flatMap((nested) => itemsOf({ ...nested, path: [...issue.path, ...nested.path] }, httpPart))
  return [{ path: placeOf(issue.path, httpPart), message: issue.message }]
}

/** Of a union's branches the one that the value came closest to: what is wrong there is what its sender wants to know. */
function nearestBranch(issue: Issue): readonly Issue[] | undefined {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return undefined
  const reached = (branch: readonly Issue[]) => Math.max(0, ...branch.map(({ path }) => path.length))
  const branches = [...issue.errors].sort((a, b) => reached(b) - reached(a) || a.length - b.length)
  const [best, second] = branches
  if (!best || (reached(best) === 0 && second && second.length === best.length)) return undefined
  return best
}

/** A JSON Pointer into the body; `?name` for a query parameter, `:name` for a part of the address. */
function placeOf(path: readonly PropertyKey[], httpPart: string): string {
  if (httpPart === 'body') return jsonPointer(path)
  const prefix = httpPart === 'querystring' ? '?' : ':'
  return `${prefix}${path.map(String).join('.')}`
}
