import type { NewUser } from '../../src/features/users/users.schema.ts'
import { call, type ServerParts, type TestServer } from './server.ts'

export const goodPassword = 'Correct-Horse-7-Battery'

let made = 0

/** Somebody who is kept in the store, with their password. */
export async function aUser(
  { users }: Pick<ServerParts, 'users'>,
  fields: Partial<NewUser> = {},
): Promise<{ username: string; password: string }> {
  const username = fields.username ?? `user-${++made}`
  const password = fields.password ?? goodPassword
  await users.create(null, { ...fields, username, password })
  return { username, password }
}

/** Somebody who has signed in. */
export async function aSession(
  parts: TestServer,
  fields: Partial<NewUser> = {},
): Promise<{ username: string; password: string; token: string }> {
  const user = await aUser(parts, fields)
  const answer = await call(parts, 'POST /login', { body: user })
  if (answer.status !== 200) throw new Error(`sign-in failed: ${answer.text}`)
  return { ...user, token: answer.body.token }
}

export const anAdmin = (parts: TestServer, fields: Partial<NewUser> = {}) =>
  aSession(parts, { roles: ['ADMIN'], ...fields })
