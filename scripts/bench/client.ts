import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Started } from '../../acceptance/started.ts'

/** Somebody who is signed in to the program under test. */
export interface Client {
  /** Those of a request with a JSON body. */
  readonly headers: Readonly<Record<string, string>>
  /** The answer's body. Throws for every answer that is no success. */
  // biome-ignore lint/suspicious/noExplicitAny: what comes back is looked into without being declared first
  send(method: string, path: string, body?: unknown): Promise<any>
}

/** The administrator that the first start made. */
export function signInAdmin({ url, home }: Pick<Started, 'url' | 'home'>): Promise<Client> {
  const file = join(home, 'var', 'admin-credentials.json')
  const { admin } = JSON.parse(readFileSync(file, 'utf8')) as { admin: string }
  return signIn(url, 'admin', admin)
}

export async function signIn(url: string, username: string, password: string): Promise<Client> {
  const { token } = await clientOf(url, {}).send('POST', '/login', { username, password })
  return clientOf(url, { authorization: `Bearer ${token}` })
}

function clientOf(url: string, authorization: Readonly<Record<string, string>>): Client {
  // Packing answers is for slow networks, and nothing that is measured.
  const common = { ...authorization, 'accept-encoding': 'identity' }
  const headers = { ...common, 'content-type': 'application/json' }
  return {
    headers,
    async send(method, path, body) {
      const isForm = body instanceof FormData
      const response = await fetch(url + path, {
        method,
        // What takes long is waited for.
        headers: { ...(isForm || body === undefined ? common : headers), prefer: 'wait=60' },
        ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
      return text === '' ? undefined : JSON.parse(text)
    },
  }
}
