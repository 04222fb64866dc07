import type { Started } from './started.ts'

/** A signed-in caller of the started program. */
export interface Client {
  readonly token: string
  get(path: string): Promise<Response>
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  /** Runs a pipeline on production (or another stage) and answers the parsed body. */
  data(app: string, body: object, stage?: string, headers?: Record<string, string>): Promise<DataAnswer>
  upload(
    app: string,
    domain: string,
    content: string | Uint8Array<ArrayBuffer>,
    headers?: Record<string, string>,
  ): Promise<Response>
}

export interface DataAnswer {
  readonly status: number
  readonly cache: string | null
  readonly etag: string | null
  readonly requestId: string
  readonly data: readonly Record<string, unknown>[]
  readonly columns: readonly { name: string; type: string }[]
  readonly pagination_info: { pagination_info: { type: string; total_rows?: number; is_last_page: boolean } }
  readonly restricted: boolean
  readonly code?: string
}

export async function signIn(
  started: Pick<Started, 'url' | 'credentials'>,
  username: string,
  password = started.credentials[username],
): Promise<Client> {
  const login = await fetch(`${started.url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  })
  if (login.status !== 200) throw new Error(`sign-in of ${username} answered ${login.status}: ${await login.text()}`)
  const { token } = (await login.json()) as { token: string }
  const authorization = { authorization: `Bearer ${token}` }
  const send: Client['send'] = (method, path, ...[body, headers = {}]) =>
    fetch(`${started.url}${path}`, {
      method,
      headers: { ...authorization, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return {
    token,
    get: (path) => send('GET', path),
    send,
    async data(app, body, ...[stage = 'production', more = {}]) {
      const response = await send('POST', `/${app}/data?stage=${stage}`, body, more)
      const { headers, status } = response
      return {
        ...((await response.json()) as DataAnswer),
        status,
        cache: headers.get('x-cache'),
        etag: headers.get('etag'),
        requestId: headers.get('x-request-id') ?? '',
      }
    },
    upload(app, domain, ...[content, headers = {}]) {
      const form = new FormData()
      form.set('data', JSON.stringify({ domain, filename: `${domain}.csv` }))
      form.set('file', new Blob([content]), `${domain}.csv`)
      return fetch(`${started.url}/${app}/data/sources?stage=staging`, {
        method: 'POST',
        headers: { ...authorization, ...headers },
        body: form,
      })
    },
  }
}
