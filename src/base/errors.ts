/** One row of the catalogue: what the code means to a person, and what to do about it. */
export interface ErrorKind {
  readonly status: number
  readonly title: string
  /** What the reader should do next, in the imperative. */
  readonly remedy: string
}

/**
 * Every error that a client can meet. Codes are stable: clients branch on them. `docs/errors.md` is checked against this table.
 * Add a row here before raising a new code; never reuse an old one for another meaning.
 */
export const errorCatalogue = {
  malformed_json: {
    status: 400,
    title: 'The body is not JSON',
    remedy: 'Send a JSON body; the detail tells where it stops being one.',
  },
  invalid_request: {
    status: 400,
    title: 'The request is not valid',
    remedy: 'Correct the fields that `errors` names.',
  },
  unauthenticated: {
    status: 401,
    title: 'Sign in first',
    remedy: 'Send a valid token, or sign in again: tokens expire.',
  },
  login_failed: { status: 401, title: 'Sign-in failed', remedy: 'Check the username and the password.' },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    remedy: 'Ask an administrator for the privilege that the detail names.',
  },
  csrf: {
    status: 403,
    title: 'Request from another site refused',
    remedy: 'Send the `X-Laputa-Request` header with requests that use the session cookie.',
  },
  not_found: { status: 404, title: 'Not found', remedy: 'Check the address; what you may not see answers the same.' },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    remedy: 'Use one of the methods in the `Allow` header.',
  },
  conflict: { status: 409, title: 'It exists already', remedy: 'Choose another name, or change the one that exists.' },
  in_use: { status: 409, title: 'It is in use', remedy: 'First take it out of what `errors` names.' },
  in_progress: {
    status: 409,
    title: 'The same is being done already',
    remedy: 'Follow the operation that `errors` names, or wait until it has ended.',
  },
  not_loaded: {
    status: 409,
    title: 'The domain has no rows yet',
    remedy: 'Refresh the app: then the source of the domain is read.',
  },
  release_raced: {
    status: 409,
    title: 'Somebody else changed the app meanwhile',
    remedy: 'Read the app again and repeat the change.',
  },
  precondition_failed: {
    status: 412,
    title: 'It changed since you read it',
    remedy: 'Read it again, then repeat the write with the new ETag.',
  },
  too_large: {
    status: 413,
    title: 'Too large',
    remedy: 'Send less, or ask the operator to raise the limit that the detail names.',
  },
  out_of_memory: {
    status: 413,
    title: 'The job needs more memory than it may take',
    remedy: 'Give it less to read, or ask the operator to raise `jobs.memory`.',
  },
  headers_too_large: {
    status: 431,
    title: 'The headers are too large',
    remedy: 'Send fewer or shorter headers and cookies.',
  },
  request_timeout: { status: 408, title: 'The request took too long to arrive', remedy: 'Send it again, in one go.' },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    remedy: 'Send the content type that the route takes.',
  },
  csv_invalid: {
    status: 422,
    title: 'The file is not a table',
    remedy: 'Correct the file as `errors` tells, then upload it again.',
  },
  pipeline_invalid: {
    status: 400,
    title: 'The pipeline is not valid',
    remedy: 'Correct the step that `errors` names.',
  },
  permission_invalid: {
    status: 400,
    title: 'The permission is not valid',
    remedy: 'Correct the record as `errors` tells.',
  },
  data_refused: {
    status: 403,
    title: 'The rows cannot be given',
    remedy: 'The detail names the rule that stands in the way; a builder of the app can mend it.',
  },
  query_failed: {
    status: 422,
    title: 'The query failed',
    remedy: 'The detail tells at which step; change the query or its values.',
  },
  query_timeout: {
    status: 504,
    title: 'The query took too long',
    remedy: 'Read less, filter earlier, or ask the operator to raise `query.timeout`.',
  },
  too_many_rows: {
    status: 413,
    title: 'Too many rows to work on here',
    remedy:
      'Filter earlier, so that the source gives fewer rows, or ask the operator to raise the limit that the detail names.',
  },
  source_failed: {
    status: 502,
    title: 'The source failed',
    remedy: 'Test the connection; the detail has what the source said.',
  },
  source_timeout: {
    status: 504,
    title: 'The source took too long',
    remedy: 'Ask the source for less, or raise the timeout of its connection.',
  },
  address_refused: {
    status: 403,
    title: 'The address is not allowed',
    remedy: 'Use a public address, or ask the operator to allow it in `connections.allow`.',
  },
  throttled: { status: 429, title: 'Too many attempts', remedy: 'Wait as long as `Retry-After` says, then try again.' },
  cancelled: { status: 499, title: 'The client left', remedy: 'Nothing to do: the request was given up.' },
  operation_cancelled: {
    status: 409,
    title: 'The operation was cancelled',
    remedy: 'Start it again if it is still wanted.',
  },
  overloaded: { status: 503, title: 'Too busy', remedy: 'Try again after `Retry-After` seconds.' },
  not_ready: {
    status: 503,
    title: 'Not ready',
    remedy: 'Wait until the parts that `errors` names work again; the log has the cause.',
  },
  config_invalid: {
    status: 500,
    title: 'The configuration is not valid',
    remedy: 'Run `laputa config check` and mend what it lists.',
  },
  storage_failed: {
    status: 503,
    title: 'The storage failed',
    remedy: 'Try again in a moment. If it stays so, give the operator the request id: the log has the cause.',
  },
  bus_failed: {
    status: 503,
    title: 'Redis does not answer',
    remedy: 'Try again in a moment. If it stays so, tell the operator: the log has the cause.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong here',
    remedy: 'Give the operator the request id: the log has the cause.',
  },
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorCatalogue

/** One thing that is wrong, with its place. `path` is a JSON Pointer into the request body (or a dotted setting name). */
export interface ProblemItem {
  readonly path: string
  readonly message: string
  /** Index (from 0) and name of the pipeline step. */
  readonly step?: { readonly index: number; readonly name: string }
  readonly column?: string
  /** Existing names that come closest to the wrong one, best first. */
  readonly nearest?: readonly string[]
  /** 0-based offset of the character where a formula, template or expression stops making sense. */
  readonly position?: number
  /** 1-based line of an uploaded file. */
  readonly line?: number
  /** Where a setting was written: `laputa.yml:3`, or the name of an environment variable. */
  readonly source?: string
}

export interface ProblemOptions {
  readonly errors?: readonly ProblemItem[]
  /** Seconds for a `Retry-After` header. */
  readonly retryAfter?: number
  readonly cause?: unknown
}

/** The only error that rooms raise on purpose: a row of the catalogue plus what happened here. The detail is safe to show. */
export class Problem extends Error {
  readonly code: ErrorCode
  readonly errors: readonly ProblemItem[]
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Problem'
    this.code = code
    this.errors = options.errors ?? []
    this.retryAfter = options.retryAfter
  }

  get status(): number {
    return errorCatalogue[this.code].status
  }
}

export function isProblem(error: unknown, code?: ErrorCode): error is Problem {
  return error instanceof Problem && (code === undefined || error.code === code)
}
