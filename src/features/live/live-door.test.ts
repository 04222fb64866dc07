import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { aSession } from '../../../test/builders/auth.ts'
import { aLiveServer, eventually, type Listener, type LiveServer, listen } from '../../../test/builders/live.ts'
import { call } from '../../../test/builders/server.ts'

let app: LiveServer
let token: string
let host: string
beforeAll(async () => {
  app = await aLiveServer({ maxClients: 3 })
  token = (await aSession(app)).token
  host = app.url.replace('http://', '')
})
afterAll(() => app.close())

interface Knock {
  readonly path?: string
  readonly protocols?: string[]
  readonly headers?: Record<string, string>
}

/** The status of a refusal with its problem, or the open socket. */
async function knock({
  path = '/live',
  protocols = [],
  headers = {},
}: Knock): Promise<{ status: number; code?: string; open?: Listener }> {
  const socket = new WebSocket(`ws://${host}${path}`, protocols, { headers })
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ status: 101, open: listen(socket) }))
    socket.on('error', reject)
    socket.on('unexpected-response', (_request, response) => {
      let text = ''
      response.on('data', (piece) => {
        text += String(piece)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, code: JSON.parse(text).code }))
    })
  })
}

const withTicket = async (knocking: Knock = {}) => ({
  protocols: ['laputa', `ticket.${await app.ticket(token)}`],
  ...knocking,
})

async function lets(knocking: Knock): Promise<string | undefined> {
  const { open } = await knock(knocking)
  const protocol = open?.socket.protocol
  open?.close()
  await eventually(
    () => app.live.clients() === 0 || null,
    () => 'it stays',
  )
  return protocol
}

describe('a ticket', () => {
  it('opens the door once, beside the protocol or in the address', async () => {
    const { status, body, headers } = await call(app, 'POST /live/ticket', { token })
    expect([status, headers['cache-control']]).toEqual([200, 'no-store'])
    expect(body).toEqual({
      ticket: expect.stringMatching(/^[\w-]{32}$/),
      expires_at: new Date(app.clock.now() + 15_000).toISOString(),
    })
    const carried = { protocols: ['laputa', `ticket.${body.ticket}`] }
    expect(await lets(carried)).toBe('laputa')
    expect(await knock(carried)).toEqual({ status: 401, code: 'unauthenticated' })
    const other = await app.ticket(token)
    expect(await lets({ path: `/live?ticket=${other}` })).toBe('')
    expect((await knock({ path: `/live?ticket=${other}` })).status).toBe(401)
  })

  it('is redeemed once, however many come with it at the same moment', async () => {
    const knocking = await withTicket()
    const answers = await Promise.all(Array.from({ length: 20 }, () => knock(knocking)))
    expect(answers.filter(({ status }) => status === 101)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19)
    for (const { open } of answers) open?.close()
  })

  it('is worth nothing when it is over, made up, or its session has ended', async () => {
    const late = await withTicket()
    app.clock.advance(15_000)
    const ended = await aSession(app)
    const ticket = await app.ticket(ended.token)
    await call(app, 'POST /logout', { token: ended.token })
    const knocks: Knock[] = [
      late,
      {},
      { protocols: ['laputa', `ticket.${ticket}`] },
      { protocols: ['laputa', `ticket.${'A'.repeat(32)}`] },
      { protocols: ['laputa', `ticket.${'A'.repeat(4000)}`] },
      { path: '/live?ticket=' },
      { path: `/live?ticket=${token}` },
      { path: '/live', headers: { authorization: `Bearer ${token}` } },
      { path: '/live', headers: { cookie: `laputa_session=${token}` } },
    ]
    for (const each of knocks) expect(await knock(each)).toEqual({ status: 401, code: 'unauthenticated' })
  })

  it('is for whoever signed in, with a password too', async () => {
    expect((await call(app, 'POST /live/ticket')).status).toBe(401)
    expect((await call(app, 'POST /live/ticket', { headers: { cookie: `laputa_session=${token}` } })).body.code).toBe(
      'csrf',
    )
    const { username, password } = await aSession(app)
    const { body } = await call(app, 'POST /live/ticket', { basic: [username, password] })
    expect(await lets({ path: `/live?ticket=${body.ticket}` })).toBe('')
  })

  it('stands in no log', async () => {
    app.lines.length = 0
    const ticket = await app.ticket(token)
    await lets({ path: `/live?ticket=${ticket}` })
    await knock({ path: `/live?ticket=${ticket}` })
    expect(JSON.stringify(app.lines)).not.toContain(ticket)
  })
})

describe('the door', () => {
  it('is open to our own pages and to programs, and to no page of others', async () => {
    const ours: Record<string, string>[] = [
      {},
      { origin: `http://${host}` },
      { origin: 'https://data.example.org', 'x-forwarded-host': 'data.example.org' },
    ]
    for (const headers of ours) expect(await lets(await withTicket({ headers }))).toBe('laputa')
    const others = [
      'http://evil.example',
      `http://${host}.evil.example`,
      'null',
      'file://',
      `http://evil.example@${host}x`,
    ]
    for (const origin of others) {
      expect(await knock(await withTicket({ headers: { origin } }))).toEqual({ status: 403, code: 'csrf' })
    }
  })

  it('is at one address', async () => {
    for (const path of ['/', '/live/', '/live/ticket', '/liver', '//live']) {
      expect(await knock(await withTicket({ path }))).toEqual({ status: 404, code: 'not_found' })
    }
  })

  it('lets in no more than there is room for', async () => {
    const inside = [await app.connect(token), await app.connect(token), await app.connect(token)]
    expect(await knock(await withTicket())).toEqual({ status: 503, code: 'overloaded' })
    const stream = await call(app, 'GET /live/events', { token })
    expect([stream.status, stream.headers['retry-after']]).toEqual([503, '10'])
    for (const listener of inside) listener.close()
    await eventually(
      () => app.live.clients() === 0 || null,
      () => 'they stay',
    )
    expect(await lets(await withTicket())).toBe('laputa')
  })

  it('survives clients that leave while it is opened', async () => {
    const ticket = await app.ticket(token)
    const head = `GET /live?ticket=${ticket} HTTP/1.1\r\nhost: ${host}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
    for (const text of [
      head,
      head.replace('version: 13', 'version: 99'),
      head.replace(/sec-websocket-key.*\r\n/, ''),
    ]) {
      const socket = connect(Number(host.split(':')[1]), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(text, () => socket.destroy())
    }
    expect(await lets(await withTicket())).toBe('laputa')
  })

  it('answers a request that offers another protocol as if it had not', async () => {
    const ask = (method: string, path: string, body = '') =>
      new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
        const headers = {
          connection: 'Upgrade, HTTP2-Settings',
          upgrade: 'h2c',
          'http2-settings': 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA',
          ...(body !== '' && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        }
        const request = httpRequest(`${app.url}${path}`, { method, headers }, (response) => {
          let text = ''
          response.on('data', (piece) => {
            text += String(piece)
          })
          response.on('end', () => resolve({ status: response.statusCode, text }))
        })
        request.on('error', reject)
        request.end(body)
      })
    expect(await ask('GET', '/health/live')).toEqual({ status: 200, text: '{"status":"ok"}' })
    const { username, password } = await aSession(app)
    const large = JSON.stringify({ username, password, extra: 'x'.repeat(200_000) })
    expect((await ask('POST', '/login', JSON.stringify({ username, password }))).status).toBe(200)
    expect((await ask('POST', '/login', large)).status).toBe(400)
  })
})
