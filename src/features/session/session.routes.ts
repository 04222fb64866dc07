import { z } from 'zod'
import type { Audit, AuditContext, Principal } from '../../access/index.ts'
import type { Auth } from '../../auth/index.ts'
import { isProblem } from '../../base/index.ts'
import {
  instanceRoute,
  noSessionCookie,
  publicRoute,
  type Route,
  requestHeader,
  sessionCookie,
} from '../../http/index.ts'
import { login, me, signedIn } from './session.schema.ts'

export interface SessionDeps {
  readonly auth: Pick<Auth, 'signIn' | 'signOut'>
  /** Keeps that somebody signed in just now. */
  readonly recordLogin: (username: string) => Promise<void>
  /** Keeps that somebody failed to sign in. */
  readonly noteRefusal: (ctx: AuditContext, username: string) => Promise<void>
  /** Tells those who watch that somebody may be signed in no longer. */
  readonly revoked: (username: string) => void
  readonly audit: Audit
}

export function sessionRoutes(deps: SessionDeps): Route[] {
  return [signIn(deps), signOut(deps), readMe()]
}

function signIn({ auth, recordLogin, noteRefusal, audit }: SessionDeps): Route {
  return publicRoute({
    method: 'POST',
    url: '/login',
    summary: 'Sign in. With the header `X-Laputa-Request: 1` the session is also set as a cookie',
    body: login,
    response: signedIn,
    errors: [401, 429],
    async handle(ctx, { body, headers, secure }) {
      const { address, log } = ctx
      const { token, expiresAt, principal } = await auth.signIn({ ...body, address }).catch(async (error: unknown) => {
        if (isProblem(error, 'login_failed')) await noteRefusal(ctx, body.username)
        throw error
      })
      await audit.note(ctx, { action: 'session.start', target: principal.username, by: principal.username })
      await recordLogin(principal.username).catch((error: unknown) =>
        log.warn({ err: error }, 'a sign-in was not recorded'),
      )
      const cookie = sessionCookie({ token, expiresAt, secure })
      return {
        ...(headers[requestHeader] === '1' && { headers: { 'set-cookie': cookie } }),
        body: { token, expires_at: new Date(expiresAt).toISOString(), user: presentMe(principal) },
      }
    },
  })
}

function signOut({ auth, audit, revoked }: SessionDeps): Route {
  return instanceRoute({
    method: 'POST',
    url: '/logout',
    action: 'session.end',
    summary: 'Sign out: the token is worth nothing from now on',
    response: z.strictObject({ message: z.string() }),
    async handle(ctx, { secure }) {
      const { session, principal } = ctx
      if (session !== null) {
        await auth.signOut(session)
        revoked(principal.username)
        await audit.note(ctx, { action: 'session.end', target: principal.username })
      }
      return { headers: { 'set-cookie': noSessionCookie(secure) }, body: { message: 'You are signed out.' } }
    },
  })
}

function readMe(): Route {
  return instanceRoute({
    method: 'GET',
    url: '/me',
    action: 'session.read',
    summary: 'Who is signed in',
    response: me,
    async handle({ principal }) {
      return { body: presentMe(principal) }
    },
  })
}

function presentMe({ username, roles, privileges, groups, attributes }: Principal): z.input<typeof me> {
  return structuredClone({ username, roles, privileges, groups, attributes }) as z.input<typeof me>
}
