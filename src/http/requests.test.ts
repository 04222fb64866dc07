import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAdmin, aSession } from '../../test/builders/auth.ts'
import { aServer, type CallOptions, call, type TestServer } from '../../test/builders/server.ts'
import { trialRoutes } from '../../test/builders/server-routes.ts'

let app: TestServer
let admin: string
let viewer: string
let contributor: string
beforeAll(async () => {
  app = await aServer({ routes: () => trialRoutes, env: { LAPUTA_HTTP__BODY_LIMIT: '2 KiB' } })
  admin = (await anAdmin(app)).token
  viewer = (await aSession(app, { privileges: { demo: ['view'] } })).token
  contributor = (await aSession(app, { privileges: { demo: ['contribute'] } })).token
})
afterAll(() => app.close())

describe('routes of an app', () => {
  it('know the app, the stage and who asks', async () => {
    const answer = await call(app, 'GET /demo/echo/x?n=4', { token: contributor })
    expect(answer.body).toMatchObject({ app: 'demo', stage: 'production', name: 'x', n: 4 })
    expect((await call(app, 'GET /demo/echo/x?stage=staging', { token: contributor })).body.stage).toBe('staging')
    expect((await call(app, 'GET /demo/echo/x?stage=production', { token: viewer })).body.stage).toBe('production')
  })

  it.each(['stage=', 'stage=Staging', 'stage=dev', 'stage=staging&stage=production', 'stage[]=staging'])(
    'refuse ?%s',
    async (query) => {
      const answer = await call(app, `GET /demo/echo/x?${query}`, { token: admin })
      expect([answer.status, answer.body.code, answer.body.errors[0].path]).toEqual([
        400,
        'invalid_request',
        expect.stringMatching(/^\?stage/),
      ])
    },
  )

  it('answer the same for an app that is not yours and for one that cannot exist', async () => {
    const [other, upper, long, dots] = await Promise.all(
      ['other', 'Demo', 'a'.repeat(65), '..%2fdemo'].map((id) => call(app, `GET /${id}/echo/x`, { token: viewer })),
    )
    for (const answer of [other, upper, long, dots])
      expect(answer?.body).toMatchObject({ status: 404, code: 'not_found', title: 'Not found' })
    expect(other?.body.detail).toBe('There is no app "other" for you.')
  })

  it('need the privilege, and staging one more', async () => {
    expect((await call(app, 'GET /demo/echo/x')).status).toBe(401)
    expect((await call(app, 'POST /demo/start', { token: viewer })).body).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    expect((await call(app, 'GET /demo/echo/x?stage=staging', { token: viewer })).body).toMatchObject({
      status: 403,
      code: 'forbidden',
    })
    expect((await call(app, 'POST /demo/start', { token: contributor })).status).toBe(200)
  })

  it('refuse before they read the body', async () => {
    const answer = await call(app, 'POST /demo/deep', { text: '{broken' })
    expect(answer.status).toBe(401)
    expect((await call(app, 'POST /other/deep', { token: viewer, text: '{broken' })).status).toBe(404)
  })
})

describe('bodies', () => {
  const post = (text: string, headers: Record<string, string> = {}) =>
    call(app, 'POST /demo/deep', { token: viewer, text, headers })

  it.each([
    ['{"domain": "a",}', 15, 1],
    ['{"domain": "a"\n\n, 7}', 18, 3],
    ['{"domain": "a"', 14, 1],
    ['', undefined, undefined],
    ['{"domain": "a"} x', 16, 1],
  ])('that are not JSON: %j', async (text, position, line) => {
    const { body } = await post(text)
    if (position === undefined)
      return expect(body).toMatchObject({
        status: 400,
        code: 'invalid_request',
        detail: 'This request needs a JSON body.',
      })
    expect(body).toMatchObject({ status: 400, code: 'malformed_json', errors: [{ path: '', position, line }] })
  })

  it('that are not even text', async () => {
    const answer = await app.server.inject({
      method: 'POST',
      url: '/demo/deep',
      headers: { authorization: `Bearer ${viewer}`, 'content-type': 'application/json' },
      payload: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    })
    expect(answer.json()).toMatchObject({ status: 400, code: 'malformed_json', detail: 'The body is not UTF-8 text.' })
  })

  it.each([
    ['null', ['']],
    ['[]', ['']],
    ['"a"', ['']],
    ['{}', ['/domain']],
    ['{"domain":1,"x":2,"y":3}', ['/domain', '/x', '/y']],
    ['{"domain":"a","a/b~c":"x"}', ['/a~1b~0c']],
    ['{"domain":"a","filter":{"column":"c","value":"1"}}', ['/filter/value']],
    ['{"domain":"a","filter":{"and":["x",2]}}', ['/filter/and/1']],
    ['{"domain":"a","filter":7}', ['/filter']],
  ])('of another shape: %s', async (text, paths) => {
    const { body } = await post(text)
    expect(body).toMatchObject({ status: 400, code: 'invalid_request' })
    expect(body.errors.map((item: { path: string }) => item.path)).toEqual(paths)
  })

  it('that poison objects, or are nested without end', async () => {
    for (const text of [
      '{"domain":"a","__proto__":{"x":1}}',
      '{"domain":"a","filter":{"constructor":{"prototype":null}}}',
    ]) {
      expect((await post(text)).body).toMatchObject({
        status: 400,
        code: 'invalid_request',
        detail: expect.stringContaining('not allowed'),
      })
    }
    const deep = `{"domain":${'['.repeat(900)}${']'.repeat(900)}}`
    expect((await post(deep)).body).toMatchObject({ status: 400, detail: 'The body is nested deeper than 100 levels.' })
    expect(({} as Record<string, unknown>).x).toBeUndefined()
  })

  it('that are too large, also when their length is not told', async () => {
    expect((await post(`{"domain":"${'x'.repeat(3000)}"}`)).body).toMatchObject({ status: 413, code: 'too_large' })
    const answer = await app.server.inject({
      method: 'POST',
      url: '/demo/deep',
      headers: {
        authorization: `Bearer ${viewer}`,
        'content-type': 'application/json',
        'transfer-encoding': 'chunked',
      },
      payload: Readable.from(Array.from({ length: 50 }, () => Buffer.alloc(100, 0x20))),
    })
    expect(answer.statusCode).toBe(413)
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
    'application/jsonx',
  ])('of the type %s', async (type) => {
    expect((await post('a=1', { 'content-type': type })).body).toMatchObject({
      status: 415,
      code: 'unsupported_media_type',
    })
  })

  it('of JSON under another name are taken', async () => {
    for (const type of ['application/json; charset=utf-8', 'application/vnd.api+json', 'Application/JSON']) {
      expect((await post('{"domain":"a"}', { 'content-type': type })).status).toBe(200)
    }
  })

  it('are not needed where a route takes none', async () => {
    const none: CallOptions[] = [
      {},
      { headers: { 'content-type': 'application/json' } },
      { headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '0' } },
    ]
    for (const options of none)
      expect((await call(app, 'POST /demo/start', { token: contributor, ...options })).status).toBe(200)
    expect((await call(app, 'POST /open')).body.got).toBeNull()
    expect((await call(app, 'POST /open', { body: { a: 1 } })).body.got).toEqual({ a: 1 })
  })
})

describe('addresses', () => {
  it('that do not exist are 404, with any method, body or sign-in', async () => {
    for (const line of [
      'GET /nowhere',
      'POST /a/b/c',
      'DELETE /',
      'OPTIONS /x',
      'GET /me/',
      'GET //me',
      'GET /ME',
    ] as const) {
      const options = line.startsWith('POST') ? { text: '{broken' } : {}
      expect((await call(app, line, options)).body, line).toMatchObject({ status: 404, code: 'not_found' })
    }
    const long = await call(app, `GET /${'x'.repeat(5000)}?token=secret`)
    expect(long.text).not.toContain('secret')
    expect(long.text.length).toBeLessThan(1000)
  })

  it('that exist for other methods are 405 and name them', async () => {
    const answer = await call(app, 'DELETE /users', { text: '{broken' })
    expect([answer.status, answer.body.code, answer.headers.allow]).toEqual([
      405,
      'method_not_allowed',
      'GET, HEAD, POST',
    ])
    expect((await call(app, 'PUT /demo/deep')).headers.allow).toBe('POST')
    expect((await call(app, 'OPTIONS /me')).headers.allow).toBe('GET, HEAD')
  })

  it('that cannot be read are 400', async () => {
    expect((await call(app, 'GET /users/%')).body).toMatchObject({ status: 400, code: 'invalid_request' })
  })

  it('with too long a part are refused', async () => {
    const { status, body } = await call(app, `GET /users/${'a'.repeat(4000)}`, { token: admin })
    expect([status, body.code]).toEqual([400, 'invalid_request'])
  })
})
