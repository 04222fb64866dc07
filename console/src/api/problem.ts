/** A refusal or a failure as the page shows it: an `application/problem+json` document, or one made here when none came. */
export interface Problem {
  readonly title: string
  /** HTTP status; 0 when no answer came at all. */
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly requestId: string | null
  readonly errors: readonly ProblemItem[]
  /** Seconds to wait before another try, from `Retry-After`. */
  readonly retryAfter: number | null
}

export interface ProblemItem {
  readonly path: string
  readonly message: string
}

export const unreachable: Problem = {
  title: 'The server does not answer',
  status: 0,
  code: 'unreachable',
  detail: 'Check the network, and that Laputa is running; then try again.',
  requestId: null,
  errors: [],
  retryAfter: null,
}

/** Reads an answer with an error status. Takes whatever a proxy may have put in its place. */
export async function readProblem(response: Response): Promise<Problem> {
  const body = await jsonObject(response)
  return {
    title: text(body.title) ?? `The server answered ${response.status}`,
    status: response.status,
    code: text(body.code) ?? `http_${response.status}`,
    detail: text(body.detail) ?? 'It gave no reason.',
    requestId: text(body.requestId),
    errors: Array.isArray(body.errors) ? body.errors.filter(isProblemItem) : [],
    retryAfter: retryAfter(response.headers.get('retry-after')),
  }
}

async function jsonObject(response: Response): Promise<Readonly<Record<string, unknown>>> {
  try {
    const body: unknown = await response.json()
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    return {}
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function isProblemItem(item: unknown): item is ProblemItem {
  return (
    typeof item === 'object' && item !== null && 'path' in item && 'message' in item && typeof item.message === 'string'
  )
}

/** Only the form in seconds: the API sends no other. */
function retryAfter(header: string | null): number | null {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) : null
}
