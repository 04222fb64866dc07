import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Json, newSecret, Problem } from '../base/index.ts'
import type { Call } from './front-door.ts'

/** What `demo/demo.json` holds. Users have no passwords there. */
interface Demo {
  readonly app: { readonly id: string; readonly name: string }
  readonly domains: readonly { readonly domain: string; readonly file: string }[]
  readonly groups: readonly string[]
  readonly users: readonly DemoUser[]
  readonly permissions: { readonly [domain: string]: readonly Json[] }
}

/** As in the body of `POST /users`. The first one administers the demo. */
export interface DemoUser {
  readonly username: string
  readonly roles?: readonly ('USER' | 'ADMIN' | 'SUPER_ADMIN')[]
  readonly privileges?: Json
  readonly groups?: readonly string[]
  readonly attributes?: Json
}

const folder = join(import.meta.dirname, '..', '..', 'demo')

export async function readDemo(): Promise<Demo> {
  if (!existsSync(folder))
    throw new Problem('config_invalid', 'This installation has no demo/ folder: start without --demo.')
  return JSON.parse(await readFile(join(folder, 'demo.json'), 'utf8')) as Demo
}

/** A password that nobody chose: 120 random bits, with every class of characters that the policy asks administrators for. */
export function newPassword(): string {
  for (;;) {
    const password = newSecret(15)
    if (/[a-z]/.test(password) && /[A-Z]/.test(password) && /\d/.test(password) && /[-_]/.test(password))
      return password
  }
}

/** Builds the demo app through the same routes that people use; `call` is signed in as its first user. Can be repeated. */
export async function loadDemo(demo: Demo, passwords: Readonly<Record<string, string>>, call: Call): Promise<void> {
  const { id } = demo.app
  const [first, ...others] = demo.users
  await call({ method: 'POST', url: '/small-apps', body: { ...demo.app } })
  for (const name of demo.groups) await call({ method: 'POST', url: '/groups', body: { name } })
  if (first) await call({ method: 'PATCH', url: `/users/${first.username}`, body: { groups: first.groups ?? [] } })
  for (const user of others) {
    await call({ method: 'POST', url: '/users', body: { ...user, password: passwords[user.username] ?? null } as Json })
  }
  for (const { domain, file } of demo.domains) {
    const content = await readFile(join(folder, file))
    await call({ method: 'POST', url: `/${id}/data/sources?stage=staging`, body: { file: `${domain}.csv`, content } })
  }
  for (const [domain, records] of Object.entries(demo.permissions)) {
    await call({ method: 'PUT', url: `/${id}/permissions/${encodeURIComponent(domain)}`, body: records })
  }
  await call({ method: 'POST', url: `/${id}/data/release`, body: {}, headers: { prefer: 'wait=60' } })
}
