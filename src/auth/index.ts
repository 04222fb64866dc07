export { type Account, isActive } from './account.ts'
export { type Auth, type Authenticated, type Credentials, createAuth } from './auth.ts'
export type { Passwords } from './passwords.ts'
export { usernameKey } from './username.ts'
