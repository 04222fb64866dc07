import { describe, expect, it } from 'vitest'
import { createApi } from './api/api.ts'
import { createRequest, type Fetch } from './api/request.ts'
import { createSession, type SessionKeeper } from './session.ts'

const me = { username: 'ada', roles: ['USER'], privileges: {}, groups: [] }
const refused = (code: string, status = 401) => Response.json({ title: 'No', code, detail: 'Because.' }, { status })

/** The session over a server that answers each path as told. */
function setUp(answers: Record<string, () => Response>): SessionKeeper {
  const fetch: Fetch = async (path) => answers[path]?.() ?? refused('not_found', 404)
  const keeper: SessionKeeper = createSession(createApi(createRequest(fetch, () => keeper.end())))
  return keeper
}

describe('the session', () => {
  it('knows who is signed in already', async () => {
    const keeper = setUp({ '/me': () => Response.json(me) })
    expect(keeper.session.value).toEqual({ state: 'checking' })
    await keeper.check()
    expect(keeper.session.value).toEqual({ state: 'signed-in', me })
  })

  it('asks to sign in, without a reproach, when nobody is', async () => {
    const keeper = setUp({ '/me': () => refused('unauthenticated') })
    await keeper.check()
    expect(keeper.session.value).toEqual({ state: 'signed-out', message: '' })
  })

  it('says what is wrong with the server instead of asking for a password', async () => {
    const keeper = setUp({ '/me': () => refused('overloaded', 503) })
    await keeper.check()
    expect(keeper.session.value).toMatchObject({ state: 'unreachable', problem: { code: 'overloaded' } })
  })

  it('signs in and out', async () => {
    const keeper = setUp({
      '/login': () => Response.json({}),
      '/me': () => Response.json(me),
      '/logout': () => Response.json({}),
    })
    expect(await keeper.signIn('ada', 'secret')).toBeNull()
    expect(keeper.session.value.state).toBe('signed-in')
    await keeper.signOut()
    expect(keeper.session.value).toEqual({ state: 'signed-out', message: 'You are signed out.' })
  })

  it('hands a refused password to the form', async () => {
    const keeper = setUp({ '/login': () => refused('login_failed') })
    expect(await keeper.signIn('ada', 'wrong')).toMatchObject({ code: 'login_failed', detail: 'Because.' })
  })

  it('says so when the browser refuses the cookie', async () => {
    const keeper = setUp({ '/login': () => Response.json({}), '/me': () => refused('unauthenticated') })
    await keeper.check()
    expect(await keeper.signIn('ada', 'secret')).toMatchObject({ code: 'session_not_kept' })
  })

  it('says that it has ended only to who was in', async () => {
    const keeper = setUp({ '/me': () => Response.json(me) })
    await keeper.check()
    keeper.end()
    const first = keeper.session.value
    keeper.end()
    expect(first).toEqual({ state: 'signed-out', message: 'Your session has ended. Please sign in again.' })
    expect(keeper.session.value).toEqual(first)
  })

  it('does not claim to have signed out when the server did not', async () => {
    const keeper = setUp({ '/me': () => Response.json(me), '/logout': () => refused('internal', 500) })
    await keeper.check()
    await keeper.signOut()
    expect(keeper.session.value).toMatchObject({ state: 'unreachable', problem: { code: 'internal' } })
  })
})
