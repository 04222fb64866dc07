import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { aSession } from '../../../test/builders/auth.ts'
import { aLiveServer, eventually, type Listener, type LiveServer } from '../../../test/builders/live.ts'

const apps = ['one', 'two', 'three']
let app: LiveServer
let admin: string
const open: Listener[] = []
beforeAll(async () => {
  app = await aLiveServer()
  for (const id of apps) await app.catalog.createApp({ id, name: id, by: 'test' })
  admin = (await aSession(app, { roles: ['ADMIN'] })).token
})
afterAll(() => app.close())
afterEach(() => {
  for (const listener of open.splice(0)) listener.close()
})

async function connected(token = admin): Promise<Listener> {
  const listener = await app.connect(token)
  open.push(listener)
  return listener
}

/** Waits until everything that was said before has been taken: it is answered after it. */
async function settled(listener: Listener): Promise<void> {
  const ready = listener.heard.filter(({ type }) => type === 'ready').length
  listener.say({ type: 'resume', after: listener.heard[0].id })
  await listener.until(() => listener.heard.filter(({ type }) => type === 'ready').length > ready)
}

function publish(release: string): void {
  for (const id of apps) {
    for (const stage of ['staging', 'production'] as const) {
      app.events.publish({ type: 'release.published', app: id, stage, release: `${release}-${id}-${stage}` })
    }
  }
  app.events.publish({
    type: 'operation.done',
    app: null,
    stage: null,
    operation: { id: `${release}-instance`, state: 'done' },
  })
}

async function heard(listener: Listener, mark: string): Promise<string[]> {
  const all = await connected()
  publish(mark)
  await all.until((message) => message.operation?.id === `${mark}-instance`)
  await sleep(30)
  return listener.heard
    .map(({ release, operation }) => release ?? operation?.id ?? '')
    .filter((name: string) => name.startsWith(`${mark}-`))
    .map((name: string) => name.slice(mark.length + 1))
}

describe('subscriptions', () => {
  it('narrow what is heard, and can be taken back', async () => {
    const listener = await connected()
    listener.say({ type: 'unsubscribe', app: 'one' })
    await settled(listener)
    expect(await heard(listener, 'all')).toHaveLength(7)
    listener.say({ type: 'subscribe', app: 'one' })
    listener.say({ type: 'subscribe', app: 'two', stage: 'production' })
    await settled(listener)
    expect(await heard(listener, 'some')).toEqual(['one-staging', 'one-production', 'two-production'])
    listener.say({ type: 'unsubscribe', app: 'one' })
    listener.say({ type: 'subscribe', app: null })
    await settled(listener)
    expect(await heard(listener, 'instance')).toEqual(['two-production', 'instance'])
    listener.say({ type: 'unsubscribe', app: null })
    listener.say({ type: 'unsubscribe', app: 'two', stage: 'production' })
    await settled(listener)
    expect(await heard(listener, 'none')).toEqual([])
  })

  it('give nobody more than their rights, and tell nobody whether an app exists', async () => {
    const { token } = await aSession(app, { privileges: { one: ['view'] } })
    const listener = await connected(token)
    for (const id of [...apps, 'nowhere', '__proto__', ' instance', '*']) listener.say({ type: 'subscribe', app: id })
    listener.say({ type: 'subscribe', app: null })
    await settled(listener)
    expect(listener.heard.map(({ type }) => type)).toEqual(['ready', 'ready'])
    expect(await heard(listener, 'mine')).toEqual(['one-production'])
  })

  it('never let an event of another app or stage through', async () => {
    const { token } = await aSession(app, { privileges: { one: ['view'], two: ['validate'], three: ['contribute'] } })
    const place = fc.record({
      app: fc.constantFrom(...apps, null),
      stage: fc.constantFrom('staging', 'production', undefined),
    })
    const said = fc.array(fc.record({ type: fc.constantFrom('subscribe', 'unsubscribe'), place }), { maxLength: 8 })
    const may = ['one-production', 'two-staging', 'two-production', 'three-staging', 'three-production']
    let run = 0
    await fc.assert(
      fc.asyncProperty(said, async (messages) => {
        const listener = await connected(token)
        let wanted: Set<string> | null = null
        for (const { type, place } of messages) {
          listener.say({ type, ...place })
          const key = `${place.app}-${place.stage ?? ''}`
          if (type === 'subscribe') wanted = new Set([...(wanted ?? []), key])
          else wanted?.delete(key)
        }
        await settled(listener)
        const expected = may.filter((name) => wanted === null || [...wanted].some((key) => name.startsWith(key)))
        expect((await heard(listener, `run${++run}`)).sort()).toEqual(expected.sort())
        listener.close()
      }),
      { numRuns: 15 },
    )
  })
})

describe('what a client says wrongly', () => {
  const wrong = [
    '',
    '{',
    'null',
    '[]',
    '7',
    '{"type":"subscribe"}',
    '{"type":"subscribe","app":7}',
    '{"type":"subscribe","app":"one","stage":"production","more":true}',
    '{"type":"publish","app":"one"}',
    '{"type":"resume"}',
    '{"type":"resume","after":"yesterday"}',
    `{"type":"subscribe","app":"${'x'.repeat(65)}"}`,
    '{"__proto__":{"type":"subscribe","app":"one"}}',
    `${'['.repeat(2000)}${']'.repeat(2000)}`,
  ]
  it.each(wrong.map((text) => [text.slice(0, 70), text]))(
    'is answered, and changes nothing: %s',
    async (_start, text) => {
      const listener = await connected()
      listener.say(text)
      expect(await listener.until(({ type }) => type === 'problem')).toEqual({
        type: 'problem',
        code: 'invalid_request',
        detail: expect.any(String),
      })
      expect(await heard(listener, 'still')).toHaveLength(7)
    },
  )

  it('too often ends the connection', async () => {
    const listener = await connected()
    for (let i = 0; i < 30; i++) listener.say('{')
    expect(await listener.untilClosed()).toEqual({ code: 1008, reason: 'Too many messages that are not valid.' })
    expect(listener.heard.filter(({ type }) => type === 'problem')).toHaveLength(10)
  })

  it('and too much, too', async () => {
    const listener = await connected()
    for (let i = 0; i < 10_000; i++) listener.say({ type: 'subscribe', app: `app-${i % 50}` })
    expect((await listener.untilClosed()).code).toBe(1008)
  })

  it('more places than a page has are refused', async () => {
    const listener = await connected()
    for (let i = 0; i < 101; i++) listener.say({ type: 'subscribe', app: `app-${i}` })
    expect((await listener.until(({ type }) => type === 'problem')).detail).toContain('100')
    await settled(listener)
    expect(listener.heard.filter(({ type }) => type === 'problem')).toHaveLength(1)
  })

  it.each([
    ['a large message', 'x'.repeat(4097), 1009],
    ['a binary one', Buffer.from('{"type":"subscribe","app":"one"}'), 1003],
    ['a very large one', Buffer.alloc(20_000_000), 1009],
  ])('%s ends the connection', async (_what, message, code) => {
    const listener = await connected()
    listener.socket.send(message)
    expect((await listener.untilClosed()).code).toBe(code)
    await eventually(
      () => app.live.clients() === 0 || null,
      () => 'it stays',
    )
  })

  it('frames that are none end the connection, and nothing else', async () => {
    const other = await connected()
    for (const bytes of [
      [0x81, 0x00],
      [0xff, 0xff, 0xff],
      [0x81, 0x85, 1, 2, 3, 4, 0xff, 0xfe, 0xfd, 0xfc, 0xfb],
      [0x8f, 0x80, 0, 0, 0, 0],
    ]) {
      const ticket = await app.ticket(admin)
      const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
      socket.write(
        `GET /live?ticket=${ticket} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      )
      socket.write(Buffer.from(bytes))
      socket.resume()
      await new Promise((resolve) => socket.on('close', resolve).on('error', () => {}))
    }
    expect(await heard(other, 'goes-on')).toHaveLength(7)
  })
})
