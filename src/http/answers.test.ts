import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aSession } from '../../test/builders/auth.ts'
import { aServer, call, type TestServer } from '../../test/builders/server.ts'
import { trialRoutes } from '../../test/builders/server-routes.ts'

let app: TestServer
let viewer: string
beforeAll(async () => {
  app = await aServer({ routes: () => trialRoutes, env: { LAPUTA_HTTP__TRUST_PROXY: '10.0.0.1' } })
  viewer = (await aSession(app)).token
})
afterAll(() => app.close())

describe('answers', () => {
  it('carry the security headers and the request id, errors too', async () => {
    const lines = [
      'GET /health/live',
      'GET /nowhere',
      'GET /me',
      'PUT /health/live',
      'GET /%zz',
      'GET /console/',
      'GET /docs/errors',
    ] as const
    for (const line of lines) {
      const { headers } = await call(app, line)
      expect(headers, line).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'strict-origin-when-cross-origin',
        'x-frame-options': 'DENY',
        'x-robots-tag': expect.stringContaining('noindex'),
        'x-request-id': expect.stringMatching(/^[A-Za-z0-9._-]{8,64}$/),
      })
      expect(headers['content-security-policy']).toMatch(/frame-ancestors 'none'/)
      expect(headers['content-security-policy']).not.toMatch(/unsafe/)
      expect(headers['strict-transport-security']).toBeUndefined()
      expect(headers['x-powered-by']).toBeUndefined()
    }
    expect((await call(app, 'GET /health/live')).headers['cache-control']).toBe('no-store')
  })

  it('ask for https only over https, and believe only the proxy that is trusted', async () => {
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.9' }
    const trusted = await call(app, 'POST /open', { headers, address: '10.0.0.1' })
    expect(trusted.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
    expect(trusted.body).toMatchObject({ address: '203.0.113.9', secure: true })
    const other = await call(app, 'POST /open', { headers, address: '10.0.0.2' })
    expect(other.headers['strict-transport-security']).toBeUndefined()
    expect(other.body).toMatchObject({ address: '10.0.0.2', secure: false })
    const login = { body: { username: 'nobody', password: 'x' } }
    expect((await call(app, 'POST /login', { ...login, headers, address: '10.0.0.1' })).status).toBe(401)
  })

  it('keep a request id that is harmless, and replace any other', async () => {
    const ask = async (id: string) =>
      (await call(app, 'POST /open', { headers: { 'x-request-id': id } })).body.requestId
    expect(await ask('trace.01-AB_cd')).toBe('trace.01-AB_cd')
    for (const id of ['short', 'a'.repeat(65), 'with blank here', 'line\tbreak', '<script>alert()']) {
      expect(await ask(id)).not.toBe(id)
    }
    expect(await ask('x')).not.toBe(await ask('x'))
  })

  it('are 304 without a body when the client has them', async () => {
    const ask = (tag: string) => call(app, 'GET /tagged', { token: viewer, headers: { 'if-none-match': tag } })
    for (const tag of ['"abc"', 'W/"abc"', '"x", "abc"', '*']) {
      const answer = await ask(tag)
      expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, '', '"abc"'])
      expect(answer.headers['cache-control']).toBe('private, no-cache')
    }
    for (const tag of ['"abcd"', 'abc', '""', '"ab', 'W/"x"']) expect((await ask(tag)).text).toBe('[1]')
  })

  it('are sent compressed to who takes that, under a tag of their own', async () => {
    const ask = (headers: Record<string, string>, how = 'plain') =>
      call(app, `GET /compressed/${how}`, { token: viewer, headers })
    const forms: [string | undefined, string, string, string | undefined][] = [
      [undefined, 'plain', '"abc"', undefined],
      ['identity', 'plain', '"abc"', undefined],
      ['gzip', 'as gzip', '"abc-gzip"', 'gzip'],
      ['gzip, deflate, br', 'as br', '"abc-br"', 'br'],
    ]
    for (const [accept, text, etag, coding] of forms) {
      const encoding: Record<string, string> = accept === undefined ? {} : { 'accept-encoding': accept }
      const answer = await ask(encoding)
      expect([answer.text, answer.headers.etag]).toEqual([text, etag])
      expect(answer.headers['content-encoding']).toBe(coding)
      expect(answer.headers.vary).toBe('Accept-Encoding')
      expect(answer.headers['content-length']).toBe(String(text.length))
      const again = await ask({ ...encoding, 'if-none-match': etag })
      expect([again.status, again.text, again.headers.etag]).toEqual([304, '', etag])
      expect(again.headers.vary).toBe('Accept-Encoding')
      for (const [, , other] of forms)
        expect((await ask({ ...encoding, 'if-none-match': other })).status).toBe(other === etag ? 304 : 200)
    }
    expect((await ask({ 'accept-encoding': 'br' }, 'vary')).headers.vary).toBe('Cookie, Accept-Encoding')
  })

  it('are an error like any other when they cannot be compressed', async () => {
    const { status, body, headers } = await call(app, 'GET /compressed/broken', {
      token: viewer,
      headers: { 'accept-encoding': 'br' },
    })
    expect([status, body.code, headers.etag, headers['content-encoding']]).toEqual([
      500,
      'internal',
      undefined,
      undefined,
    ])
    expect(headers['cache-control']).toBe('no-store')
  })

  it('print a text as JSON, send nothing with 204, and stream', async () => {
    const word = await call(app, 'GET /word', { token: viewer })
    expect([word.text, word.headers['content-type']]).toEqual(['"a \\"word\\""', 'application/json; charset=utf-8'])
    expect((await call(app, 'POST /broken/empty', { token: viewer })).status).toBe(204)
    expect((await call(app, 'POST /broken/stream', { token: viewer })).body).toEqual({ ok: true })
  })

  it('to HEAD have no body', async () => {
    const answer = await call(app, 'HEAD /word', { token: viewer })
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect((await call(app, 'HEAD /word')).status).toBe(401)
  })
})

describe('faults', () => {
  it.each(['error', 'text', 'internal', 'answer'])(
    'of ours tell nothing but an id, and stand in the log: %s',
    async (how) => {
      app.lines.length = 0
      const answer = await call(app, `POST /broken/${how}`, { token: viewer })
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
      expect(answer.body).toEqual({
        type: '/docs/errors#internal',
        title: 'Something went wrong here',
        status: 500,
        code: 'internal',
        detail: 'Something went wrong here; the log has the cause under the request id.',
        requestId: answer.headers['x-request-id'],
        errors: [],
      })
      expect(answer.text).not.toMatch(/secret|postgres|stack|\.ts/)
      const line = app.lines.find(({ level }) => level === 'error')
      expect(line?.fields).toMatchObject({ requestId: answer.body.requestId, method: 'POST', route: '/broken/:how' })
    },
  )

  it('of a route that promises no shape are found at the first answer', async () => {
    expect((await call(app, 'GET /unshaped', { token: viewer })).body.code).toBe('internal')
  })

  it('that pass say when to come back', async () => {
    const answer = await call(app, 'POST /broken/wait', { token: viewer })
    expect([answer.status, answer.headers['retry-after'], answer.body.detail]).toEqual([503, '7', 'Later.'])
  })
})

describe('the log', () => {
  it('has one line for each request, with the pattern and never the address', async () => {
    app.lines.length = 0
    const { username, token } = await aSession(app, { privileges: { demo: ['view'] } })
    app.lines.length = 0
    await call(app, 'GET /demo/echo/private-name?n=12345', { token })
    await call(app, 'GET /demo/echo/private-name?n=12345')
    await call(app, 'GET /nowhere/private-name')
    expect(app.lines.map(({ level, fields: { ms, requestId, ...fields } }) => ({ level, ...fields }))).toEqual([
      { level: 'debug', method: 'GET', route: '/:app/echo/:name', status: 200, username },
      { level: 'info', method: 'GET', route: '/:app/echo/:name', status: 401, username: null },
      { level: 'info', method: 'GET', route: null, status: 404, username: null },
    ])
    expect(app.lines.every(({ fields }) => typeof fields.ms === 'number' && typeof fields.requestId === 'string')).toBe(
      true,
    )
    expect(JSON.stringify(app.lines)).not.toMatch(/private-name|12345/)
  })
})
