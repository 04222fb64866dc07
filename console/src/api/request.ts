import { type Problem, readProblem, unreachable } from './problem.ts'

/** How a request ended. `aborted`: the page itself gave it up, and nothing is to be shown. */
export type Outcome<T> =
  | { readonly kind: 'done'; readonly value: T; readonly headers: Headers }
  | { readonly kind: 'failed'; readonly problem: Problem }
  | { readonly kind: 'aborted' }

export interface RequestOptions {
  readonly method?: 'GET' | 'POST'
  readonly body?: unknown
  readonly signal?: AbortSignal
}

export type Fetch = (input: string, init: RequestInit) => Promise<Response>

export type Request = <T>(path: string, options?: RequestOptions) => Promise<Outcome<T>>

/**
 * Requests to the same origin, with the session cookie and the header that proves they come from this page (cookies alone are
 * refused). Never throws: every end is an `Outcome`. `onUnauthenticated` is told when the session is no longer valid.
 */
export function createRequest(fetch: Fetch, onUnauthenticated: () => void): Request {
  return async <T>(path: string, options: RequestOptions = {}): Promise<Outcome<T>> => {
    try {
      const response = await fetch(path, init(options))
      if (!response.ok) {
        const problem = await readProblem(response)
        if (options.signal?.aborted) return { kind: 'aborted' }
        if (problem.code === 'unauthenticated') onUnauthenticated()
        return { kind: 'failed', problem }
      }
      // The server checks its answers against the schemas that these types mirror.
      const value = response.status === 204 ? null : await response.json()
      return { kind: 'done', value: value as T, headers: response.headers }
    } catch {
      return options.signal?.aborted ? { kind: 'aborted' } : { kind: 'failed', problem: unreachable }
    }
  }
}

function init({ method = 'GET', body, signal }: RequestOptions): RequestInit {
  return {
    method,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      'x-laputa-request': '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }
}
