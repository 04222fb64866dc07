import { type Json, newSecret, Problem } from '../base/index.ts'
import type { Server } from '../http/index.ts'

/** A request to the program's own routes. `file` is sent as an upload. */
export interface FrontDoorRequest {
  readonly method: 'POST' | 'PUT' | 'PATCH'
  readonly url: string
  readonly body: Json | { readonly file: string; readonly content: Buffer }
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request; what exists already counts as done. Errors: `internal` with what was answered. */
export type Call = (request: FrontDoorRequest) => Promise<void>

/** Signs in and answers a caller that goes through the same routes as everybody else, without a network. */
export async function signedInCalls(server: Server, login: { username: string; password: string }): Promise<Call> {
  const answer = await server.inject({ method: 'POST', url: '/login', payload: login })
  if (answer.statusCode !== 200)
    throw new Problem('internal', `Signing in as "${login.username}" answered ${answer.statusCode}.`)
  const { token } = answer.json() as { token: string }
  return async ({ method, url, body, headers: said = {} }) => {
    const { headers, payload } = isFile(body) ? form(body) : { headers: {}, payload: body as object }
    const response = await server.inject({
      method,
      url,
      payload,
      headers: { ...said, ...headers, authorization: `Bearer ${token}` },
    })
    if (response.statusCode >= 400 && response.statusCode !== 409) {
      throw new Problem('internal', `${method} ${url} answered ${response.statusCode}: ${response.body}`)
    }
  }
}

function isFile(body: FrontDoorRequest['body']): body is { file: string; content: Buffer } {
  return typeof body === 'object' && body !== null && 'content' in body && Buffer.isBuffer(body.content)
}

function form({ file, content }: { file: string; content: Buffer }): {
  headers: Record<string, string>
  payload: Buffer
} {
  const boundary = newSecret(16)
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${file}"\r\ncontent-type: text/csv\r\n\r\n`
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    payload: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  }
}
