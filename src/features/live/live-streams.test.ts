import { get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { aSession } from '../../../test/builders/auth.ts'
import { aLiveServer, eventually, type LiveServer, type Said } from '../../../test/builders/live.ts'
import { call } from '../../../test/builders/server.ts'
import { newId } from '../../base/index.ts'

let app: LiveServer
const closers: (() => void)[] = []
beforeAll(async () => {
  app = await aLiveServer()
  for (const id of ['shop', 'farm']) await app.catalog.createApp({ id, name: id, by: 'test' })
})
afterAll(() => app.close())
afterEach(async () => {
  for (const close of closers.splice(0)) close()
  await eventually(
    () => app.live.clients() === 0 || null,
    () => 'streams stay',
  )
})

interface Stream {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly heard: Said[]
  /** What came, as it came. */
  readonly text: () => string
  readonly ended: () => boolean
  until(likes: (message: Said) => boolean): Promise<Said>
}

async function stream(path: string, headers: Record<string, string>): Promise<Stream> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = get(`${app.url}${path}`, { headers, agent: false }, resolve).on('error', reject)
    closers.push(() => sent.destroy())
  })
  const heard: Said[] = []
  let text = ''
  response.on('data', (piece) => {
    text += String(piece)
    for (const block of text.split('\n\n').slice(heard.length, -1)) {
      const data = block.split('\n').find((line) => line.startsWith('data: '))
      heard.push(data ? JSON.parse(data.slice(6)) : block)
    }
  })
  let ended = false
  response.on('end', () => {
    ended = true
  })
  response.on('error', () => {})
  const until = (likes: (message: Said) => boolean) =>
    eventually(
      () => heard.find(likes),
      () => text,
    )
  const { statusCode: status = 0 } = response
  return { status, headers: response.headers, heard, until, text: () => text, ended: () => ended }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const submit = async (id: string | null) =>
  (await app.jobs.submit({ job: 'talk', args: { says: ['hello'] }, app: id, stage: null, by: 'test', requestId: null }))
    .id

describe('GET /live/events', () => {
  it('is a stream of the same events, with their ids', async () => {
    const { token } = await aSession(app, { privileges: { shop: ['view'] } })
    const all = await stream('/live/events', bearer(token))
    expect([all.status, all.headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])
    expect(all.headers['cache-control']).toBe('no-store')
    await all.until(({ type }) => type === 'ready')
    app.events.publish({ type: 'release.published', app: 'farm', stage: 'production', release: 'f1' })
    app.events.publish({ type: 'release.published', app: 'shop', stage: 'production', release: 's1' })
    const { id } = await all.until(({ release }) => release === 's1')
    expect(all.text()).toContain(`id: ${id}\ndata: {`)
    expect(all.heard).toHaveLength(2)
  })

  it('takes the session cookie, a password, and a place', async () => {
    const { token, username, password } = await aSession(app, { roles: ['ADMIN'] })
    const basic = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
    const streams = [
      await stream('/live/events?app=shop', { cookie: `laputa_session=${token}` }),
      await stream('/live/events?app=shop&stage=production', basic),
    ]
    for (const each of streams) await each.until(({ type }) => type === 'ready')
    for (const id of ['farm', 'shop']) {
      for (const stage of ['staging', 'production'] as const) {
        app.events.publish({ type: 'release.published', app: id, stage, release: `${id}-${stage}` })
      }
    }
    for (const each of streams) await each.until(({ release }) => release === 'shop-production')
    expect(streams.map(({ heard }) => heard.map(({ release }) => release))).toEqual([
      [undefined, 'shop-staging', 'shop-production'],
      [undefined, 'shop-production'],
    ])
  })

  it('tells what was missed since the last event', async () => {
    const { token } = await aSession(app, { privileges: { shop: ['contribute'] } })
    const last = newId(app.clock.now())
    const id = await submit('shop')
    const back = await stream('/live/events', { ...bearer(token), 'last-event-id': last })
    await back.until(({ type }) => type === 'ready')
    expect(back.heard.map(({ type, operation }) => [type, operation?.id])).toEqual(
      expect.arrayContaining([['operation.queued', id]]),
    )
    const wrong = await stream('/live/events', { ...bearer(token), 'last-event-id': 'x' })
    await wrong.until(({ type }) => type === 'ready')
    expect(wrong.heard).toHaveLength(1)
  })

  it('ends with the session', async () => {
    const { token } = await aSession(app)
    const all = await stream('/live/events', bearer(token))
    await call(app, 'POST /logout', { token })
    await all.until(({ type }) => type === 'session.revoked')
    await eventually(
      () => all.ended() || null,
      () => 'it goes on',
    )
  })

  it('is refused to nobody, and answers HEAD without staying', async () => {
    expect((await call(app, 'GET /live/events')).status).toBe(401)
    const { token } = await aSession(app)
    expect((await call(app, 'GET /live/events?stage=none', { token })).status).toBe(400)
    const head = await fetch(`${app.url}/live/events`, { method: 'HEAD', headers: bearer(token) })
    expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    expect(app.live.clients()).toBe(0)
  })
})

describe('GET /<app>/operations/<id>/events', () => {
  it('tells of one operation until it has ended', async () => {
    const { token } = await aSession(app, { privileges: { shop: ['contribute'] } })
    const id = await submit('shop')
    const one = await stream(`/shop/operations/${id}/events`, bearer(token))
    await one.until(({ type }) => type === 'operation.queued')
    await submit('shop')
    const workers = await app.work()
    const done = await one.until(({ type }) => type === 'operation.done')
    expect(done.operation).toMatchObject({
      id,
      state: 'done',
      result: { said: 1 },
      lines: [expect.stringContaining('hello')],
    })
    await eventually(
      () => one.ended() || null,
      () => 'it goes on',
    )
    expect(new Set(one.heard.map(({ operation }) => operation?.id ?? id))).toEqual(new Set([id]))
    await workers.drain(1000)

    const late = await stream(`/shop/operations/${id}/events`, bearer(token))
    await eventually(
      () => late.ended() || null,
      () => 'it goes on',
    )
    expect(late.heard.at(-1)).toMatchObject({ type: 'operation.done', operation: { id } })
  })

  it('is for builders of the app, and of its operations only', async () => {
    const [mine, theirs, ofInstance] = [await submit('shop'), await submit('farm'), await submit(null)]
    const status = async (path: string, fields: Parameters<typeof aSession>[1]) =>
      (await stream(path, bearer((await aSession(app, fields)).token))).status
    const builder = { privileges: { shop: ['contribute' as const] } }
    expect(await status(`/shop/operations/${mine}/events`, builder)).toBe(200)
    expect(await status(`/shop/operations/${mine}/events`, { privileges: { shop: ['view'] } })).toBe(403)
    expect(await status(`/shop/operations/${mine}/events`, {})).toBe(404)
    for (const id of [theirs, ofInstance, 'nothing']) {
      expect(await status(`/shop/operations/${id}/events`, builder)).toBe(404)
    }
    expect(await status(`/operations/${ofInstance}/events`, builder)).toBe(403)
    expect(await status(`/operations/${ofInstance}/events`, { roles: ['ADMIN'] })).toBe(200)
    expect(await status(`/operations/${mine}/events`, { roles: ['ADMIN'] })).toBe(404)
  })
})
