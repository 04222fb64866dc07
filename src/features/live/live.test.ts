import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anAdmin, aSession, goodPassword } from '../../../test/builders/auth.ts'
import { aLiveServer, type Listener, type LiveServer, type Said } from '../../../test/builders/live.ts'
import { call } from '../../../test/builders/server.ts'

let app: LiveServer
const open: Listener[] = []
beforeAll(async () => {
  app = await aLiveServer()
  for (const id of ['shop', 'farm']) await app.catalog.createApp({ id, name: id, by: 'test' })
})
afterAll(() => app.close())
afterEach(() => {
  for (const listener of open.splice(0)) listener.close()
})

const on = (id: string, privilege: string) => ({ privileges: { [id]: [privilege as 'view'] } })

async function connected(
  fields: Parameters<typeof aSession>[1] = {},
): Promise<Listener & { token: string; username: string }> {
  const { token, username } = await aSession(app, fields)
  const listener = await app.connect(token)
  open.push(listener)
  return Object.assign(listener, { token, username })
}

const operation = (id: string, fields: object = {}) => ({ id, state: 'running', ...fields }) as never

function publishEach(mark: string): void {
  for (const id of ['shop', 'farm']) {
    app.events.publish({ type: 'operation.started', app: id, stage: 'staging', operation: operation(`${mark}-${id}`) })
    app.events.publish({ type: 'release.published', app: id, stage: 'production', release: `${mark}-${id}-production` })
    app.events.publish({
      type: 'data.refreshed',
      app: id,
      stage: 'staging',
      release: `${mark}-${id}-staging`,
      domains: [],
    })
  }
  app.events.publish({ type: 'operation.started', app: null, stage: null, operation: operation(`${mark}-instance`) })
}

const named = (message: Said): string => message.operation?.id ?? message.release ?? message.type

/** What somebody heard of these events, once somebody who hears all of them has. */
async function heardBy(listener: Listener, mark: string): Promise<string[]> {
  const all = await connected({ roles: ['ADMIN'] })
  publishEach(mark)
  await all.until((message) => named(message) === `${mark}-instance`)
  await sleep(30)
  return listener.heard.map(named).filter((name) => name.startsWith(mark))
}

describe('who hears what', () => {
  it.each([
    ['a viewer', on('shop', 'view'), ['shop-production']],
    ['a validator', on('shop', 'validate'), ['shop-production', 'shop-staging']],
    ['a contributor', on('shop', 'contribute'), ['shop', 'shop-production', 'shop-staging']],
    ['a stranger', {}, []],
    [
      'an administrator',
      { roles: ['ADMIN' as const] },
      ['shop', 'shop-production', 'shop-staging', 'farm', 'farm-production', 'farm-staging', 'instance'],
    ],
  ])('%s', async (_who, fields, names) => {
    const listener = await connected(fields)
    expect(await heardBy(listener, 'all')).toEqual(names.map((name) => `all-${name}`))
  })

  it('follows a change of rights', async () => {
    const listener = await connected(on('shop', 'view'))
    const admin = await anAdmin(app)
    const change = (privileges: object) =>
      call(app, `PATCH /users/${listener.username}`, { token: admin.token, body: { privileges } })
    expect((await change({ farm: ['contribute'] })).status).toBe(200)
    // Where others write to the store too, it is looked at once a second.
    await sleep(1100)
    expect(await heardBy(listener, 'moved')).toEqual(['moved-farm', 'moved-farm-production', 'moved-farm-staging'])
    await change({})
    await sleep(1100)
    expect(await heardBy(listener, 'taken')).toEqual([])
    expect(listener.closed()).toBeNull()
  })
})

/** One sign-out right after the last one was felt: only the first could be felt by chance, the others a second later each, at the next look. */
async function endsAtOnce(on: LiveServer): Promise<void> {
  const sessions = await Promise.all([1, 2, 3].map(() => aSession(on)))
  const listeners = await Promise.all(sessions.map(({ token }) => on.connect(token)))
  open.push(...listeners)
  const since = performance.now()
  for (const [at, { token }] of sessions.entries()) {
    await call(on, 'POST /logout', { token })
    await listeners[at]?.untilClosed()
  }
  expect(performance.now() - since).toBeLessThan(1900)
}

describe('a sign-in that has ended closes its connections', () => {
  const goodbye = async (listener: Listener) => {
    const closed = await listener.untilClosed()
    expect(listener.heard.at(-1)).toMatchObject({ type: 'session.revoked' })
    return closed
  }
  const ways: [string, (who: { token: string; username: string }, admin: string) => Promise<unknown>][] = [
    ['by signing out', ({ token }) => call(app, 'POST /logout', { token })],
    ['by removing the user', ({ username }, token) => call(app, `DELETE /users/${username}`, { token })],
    [
      'by a new password',
      ({ username }, token) =>
        call(app, `PATCH /users/${username}`, { token, body: { password: 'Another-Horse-8-Battery' } }),
    ],
    [
      'by switching the user off',
      ({ username }, token) => call(app, `PATCH /users/${username}`, { token, body: { disabled: true } }),
    ],
  ]
  it.each(ways)('%s', async (_way, end) => {
    const { token: admin } = await anAdmin(app)
    const listener = await connected(on('shop', 'view'))
    const stays = await connected(on('shop', 'view'))
    const since = performance.now()
    await end(listener, admin)
    expect(await goodbye(listener)).toEqual({ code: 4401, reason: 'The session has ended.' })
    expect(performance.now() - since).toBeLessThan(2000)
    expect(stays.closed()).toBeNull()
  })

  it('all those of that sign-in, and none of another one of the same user', async () => {
    const first = await connected()
    const again = await app.connect(first.token)
    const { body } = await call(app, 'POST /login', { body: { username: first.username, password: goodPassword } })
    const other = await app.connect(body.token)
    open.push(again, other)
    await call(app, 'POST /logout', { token: first.token })
    await Promise.all([goodbye(first), goodbye(again)])
    expect(other.closed()).toBeNull()
  })

  it('by time alone', async () => {
    const expiring = await connected({ expirationDate: new Date(app.clock.now() + 60_000).toISOString() })
    const session = await connected()
    app.clock.advance(60_001)
    await goodbye(expiring)
    expect(session.closed()).toBeNull()
    app.clock.advance(app.config.auth.token_lifetime)
    await goodbye(session)
  })

  it('at once when all processes are told that sessions were revoked', async () => {
    const listener = await connected()
    await app.userStore.find(listener.username)
    app.events.publish({ type: 'session.revoked', username: listener.username })
    await sleep(100)
    // It was a false alarm: the session counts still.
    expect([listener.closed(), listener.heard.length]).toEqual([null, 1])
    await endsAtOnce(app)
  })
})

describe('where the store tells nobody of changes', () => {
  let shared: LiveServer
  beforeAll(async () => {
    shared = await aLiveServer({ shared: true })
    await shared.catalog.createApp({ id: 'shop', name: 'shop', by: 'test' })
  })
  afterAll(() => shared.close())

  it('a change of rights is felt within a second', async () => {
    const { token, username } = await aSession(shared, on('shop', 'view'))
    const { token: admin } = await anAdmin(shared)
    const listener = await shared.connect(token)
    open.push(listener)
    const tell = (release: string) =>
      shared.events.publish({ type: 'release.published', app: 'shop', stage: 'production', release })
    const change = (privileges: object) =>
      call(shared, `PATCH /users/${username}`, { token: admin, body: { privileges } })
    tell('before')
    await listener.until(({ release }) => release === 'before')
    await change({})
    await sleep(1000)
    tell('after')
    await sleep(200)
    expect(listener.heard.map(({ release }) => release)).not.toContain('after')
    await change({ shop: ['view'] })
    await sleep(1000)
    tell('again')
    await listener.until(({ release }) => release === 'again')
  })

  it('the end of a session is felt at once when it is told', () => endsAtOnce(shared))

  it('a session that has ended is noticed within two', async () => {
    const { token } = await aSession(shared)
    const listener = await shared.connect(token)
    await call(shared, 'POST /logout', { token })
    const since = performance.now()
    expect((await listener.untilClosed()).code).toBe(4401)
    expect(performance.now() - since).toBeLessThan(2000)
  })
})
