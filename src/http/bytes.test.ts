import { afterAll, beforeAll, expect, it } from 'vitest'
import { aSession } from '../../test/builders/auth.ts'
import { aServer, type TestServer } from '../../test/builders/server.ts'
import { instanceRoute } from './index.ts'

const bodies: Readonly<Record<string, Buffer>> = {
  none: Buffer.alloc(0),
  text: Buffer.from('{"data":[{"naïve":"日本語 🚀"}]}'),
  all: Buffer.from(Array.from({ length: 1024 }, (_, n) => n % 256)),
  most: Buffer.alloc(12 * 1024, 0xe9),
  more: Buffer.alloc(12 * 1024 + 1, 0xe9),
  large: Buffer.alloc(3_000_000, 0xff),
}

let app: TestServer
let url: string
let authorization: string
beforeAll(async () => {
  app = await aServer({
    routes: () =>
      Object.entries(bodies).map(([name, body]) =>
        instanceRoute({
          method: 'GET',
          url: `/bytes/${name}`,
          action: 'session.read',
          summary: 'Bytes as they are',
          handle: async () => ({
            headers: { 'content-type': 'application/octet-stream', 'x-own': name },
            body,
            compressed: async () => body,
          }),
        }),
      ),
  })
  authorization = `Bearer ${(await aSession(app)).token}`
  url = await app.server.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => app.close())

it.each(Object.keys(bodies))(
  'of any kind and size reach the client as they are, compressed or not: %s',
  async (name) => {
    const body = bodies[name] ?? Buffer.alloc(0)
    const response = await fetch(`${url}/bytes/${name}`, { headers: { authorization, 'accept-encoding': 'identity' } })
    expect(Buffer.from(await response.arrayBuffer()).equals(body)).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': String(body.length),
      'content-type': 'application/octet-stream',
      'x-own': name,
      'x-content-type-options': 'nosniff',
    })
    const compressed = await app.server.inject({
      url: `/bytes/${name}`,
      headers: { authorization, 'accept-encoding': 'gzip' },
    })
    expect(compressed.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(body.length) })
    expect(compressed.rawPayload.equals(body)).toBe(true)
  },
)

it('are told about by HEAD, and not sent', async () => {
  const response = await fetch(`${url}/bytes/all`, { method: 'HEAD', headers: { authorization } })
  expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '1024', ''])
})

it('may follow each other at once', async () => {
  const headers = { authorization, 'accept-encoding': 'identity' }
  const names = Object.keys(bodies)
  const all = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => {
      const name = names[n % 5] ?? ''
      const response = await fetch(`${url}/bytes/${name}`, { headers })
      return Buffer.from(await response.arrayBuffer()).equals(bodies[name] ?? Buffer.alloc(0))
    }),
  )
  expect(all.every(Boolean)).toBe(true)
})

it('with a header that cannot be sent are an error, not a connection that hangs', async () => {
  const broken = await aServer({
    routes: () => [
      instanceRoute({
        method: 'GET',
        url: '/broken',
        action: 'session.read',
        summary: 'A line break in a header',
        handle: async () => ({ headers: { 'x-own': 'a\r\nb: c' }, body: Buffer.from('x') }),
      }),
    ],
  })
  try {
    const { token } = await aSession(broken)
    const { statusCode } = await broken.server.inject({ url: '/broken', headers: { authorization: `Bearer ${token}` } })
    expect(statusCode).toBe(500)
  } finally {
    await broken.close()
  }
})
