export { type Account, type FindUser, isActive, principalOf } from './account.ts'
export {
  type Auth,
  type AuthDeps,
  type Authenticated,
  type Credentials,
  createAuth,
  type PasswordLogin,
  type SignedIn,
} from './auth.ts'
export type { PasswordOwner, Passwords } from './passwords.ts'
export { usernameKey } from './username.ts'
