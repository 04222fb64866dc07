import { readonly, type ShallowRef, shallowRef } from 'vue'
import type { Api } from './api/api.ts'
import type { Problem } from './api/problem.ts'
import type { Me } from './api/types.ts'

export type Session =
  | { readonly state: 'checking' }
  | { readonly state: 'signed-out'; readonly message: string }
  | { readonly state: 'signed-in'; readonly me: Me }
  | { readonly state: 'unreachable'; readonly problem: Problem }

export interface SessionKeeper {
  readonly session: Readonly<ShallowRef<Session>>
  /** Asks the server who is signed in. */
  check(): Promise<void>
  /** Gives the refusal, or null when the person is signed in now. */
  signIn(username: string, password: string): Promise<Problem | null>
  signOut(): Promise<void>
  /** The server no longer takes the session. */
  end(): void
}

/** The password was right, and yet the next request came without the cookie. */
const sessionNotKept: Problem = {
  title: 'The session was not kept',
  status: 401,
  code: 'session_not_kept',
  detail: 'Allow cookies for this site, then sign in again.',
  requestId: null,
  errors: [],
  retryAfter: null,
}

/** Keeps who is signed in. The token itself is never seen here: it lives in a cookie that scripts cannot read. */
export function createSession(api: Api): SessionKeeper {
  const session = shallowRef<Session>({ state: 'checking' })

  async function check(): Promise<void> {
    const outcome = await api.me()
    if (outcome.kind === 'done') session.value = { state: 'signed-in', me: outcome.value }
    else if (outcome.kind === 'failed' && outcome.problem.code !== 'unauthenticated') {
      session.value = { state: 'unreachable', problem: outcome.problem }
    }
  }

  async function signIn(username: string, password: string): Promise<Problem | null> {
    const outcome = await api.signIn(username, password)
    if (outcome.kind === 'failed') return outcome.problem
    await check()
    return session.value.state === 'signed-out' ? sessionNotKept : null
  }

  async function signOut(): Promise<void> {
    const outcome = await api.signOut()
    const over = outcome.kind === 'done' || (outcome.kind === 'failed' && outcome.problem.status === 401)
    if (over) session.value = { state: 'signed-out', message: 'You are signed out.' }
    // Saying "signed out" while the cookie still works would be a lie: the page shows what went wrong instead.
    else if (outcome.kind === 'failed') session.value = { state: 'unreachable', problem: outcome.problem }
  }

  function end(): void {
    // Requests fly side by side: the second refusal must not take the message of the first one away.
    if (session.value.state === 'signed-out') return
    const wasIn = session.value.state === 'signed-in'
    session.value = { state: 'signed-out', message: wasIn ? 'Your session has ended. Please sign in again.' : '' }
  }

  return { session: readonly(session) as Readonly<ShallowRef<Session>>, check, signIn, signOut, end }
}
