import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { anAdmin, aSession } from '../../test/builders/auth.ts'
import { aServer, type CallOptions, call, type TestServer } from '../../test/builders/server.ts'
import { Problem } from '../base/index.ts'
import { appRoute, instanceRoute, publicRoute, type Route } from './index.ts'

let app: TestServer
let folder: string
let admin: string
let viewer: string
let contributor: string

const anything = z.record(z.string(), z.unknown())
const nested = z.strictObject({
  domain: z.string(),
  filter: z
    .union([z.strictObject({ column: z.string(), value: z.number() }), z.strictObject({ and: z.array(z.string()) })])
    .optional(),
  'a/b~c': z.number().optional(),
})

const routes: Route[] = [
  appRoute({
    method: 'GET',
    url: '/echo/:name',
    action: 'data.read',
    summary: 'Echo',
    params: z.strictObject({ app: z.string(), name: z.string() }),
    query: z.strictObject({ n: z.coerce.number().int().optional() }),
    response: anything,
    async handle({ app, stage, principal }, { params, query }) {
      return { body: { app, stage, username: principal.username, name: params.name, n: query.n ?? null } }
    },
  }),
  appRoute({
    method: 'POST',
    url: '/deep',
    action: 'data.read',
    summary: 'Takes a body',
    body: nested,
    response: anything,
    handle: async (_ctx, { body }) => ({ body: { ...body } }),
  }),
  appRoute({
    method: 'POST',
    url: '/start',
    action: 'domains.write',
    summary: 'No body',
    response: anything,
    handle: async () => ({ body: {} }),
  }),
  instanceRoute({
    method: 'GET',
    url: '/tagged',
    action: 'session.read',
    summary: 'Has a tag',
    handle: async () => ({
      headers: { etag: '"abc"', 'cache-control': 'private, no-cache' },
      body: Buffer.from('[1]'),
    }),
  }),
  instanceRoute({
    method: 'POST',
    url: '/broken/:how',
    action: 'session.read',
    summary: 'Fails in different ways',
    params: z.strictObject({ how: z.string() }),
    response: z.strictObject({ ok: z.literal(true) }),
    async handle(_ctx, { params: { how } }) {
      if (how === 'error') throw new Error('secret detail: postgres://user:pw@host')
      if (how === 'text') throw 'a text'
      if (how === 'internal') throw new Problem('internal', 'secret detail')
      if (how === 'answer') return { body: { ok: 'secret' as never } }
      if (how === 'empty') return { body: null }
      if (how === 'wait') throw new Problem('overloaded', 'Later.', { retryAfter: 7 })
      return { body: Readable.from(['{"ok"', ':true}']), headers: { 'content-type': 'application/json' } }
    },
  }),
  instanceRoute({
    method: 'GET',
    url: '/unshaped',
    action: 'session.read',
    summary: 'x',
    handle: async () => ({ body: { a: 1 } as unknown }),
  }),
  instanceRoute({
    method: 'GET',
    url: '/word',
    action: 'session.read',
    summary: 'x',
    response: z.string(),
    handle: async () => ({ body: 'a "word"' }),
  }),
  publicRoute({
    method: 'POST',
    url: '/open',
    summary: 'Public',
    body: z.strictObject({ a: z.number() }).nullish(),
    response: anything,
    handle: async ({ address, requestId }, { body, secure }) => ({
      body: { address, requestId, secure, got: body ?? null },
    }),
  }),
]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'laputa-console-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Console</title>')
  await writeFile(join(folder, 'assets/main-4f3a.js'), 'export {}')
  await writeFile(join(folder, '.secret'), 'x')
  app = await aServer({
    routes: () => routes,
    console: folder,
    env: { LAPUTA_HTTP__BODY_LIMIT: '2 KiB', LAPUTA_HTTP__TRUST_PROXY: '10.0.0.1' },
  })
  admin = (await anAdmin(app)).token
  viewer = (await aSession(app, { privileges: { demo: ['view'] } })).token
  contributor = (await aSession(app, { privileges: { demo: ['contribute'] } })).token
})
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true, force: true })
})

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

describe('pages', () => {
  it('GET / tells programs the version and sends browsers to the console', async () => {
    const json = await call(app, 'GET /')
    expect([json.body, json.headers.vary]).toEqual([{ name: 'laputa', version: '0.0.0-test' }, 'Accept'])
    const page = await call(app, 'GET /', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })
    expect([page.status, page.headers.location]).toEqual([302, '/console/'])
    expect((await call(app, 'GET /console')).headers.location).toBe('/console/')
  })

  it('the console is served with a strict policy, its hashed files for ever', async () => {
    const page = await call(app, 'GET /console/')
    expect([page.status, page.text]).toEqual([200, '<!doctype html><title>Console</title>'])
    expect(page.headers).toMatchObject({
      'cache-control': 'no-cache',
      'content-security-policy': expect.stringContaining("default-src 'self'"),
    })
    const script = await call(app, 'GET /console/assets/main-4f3a.js')
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(script.headers['content-type']).toMatch(/javascript/)
    const again = await call(app, 'GET /console/', { headers: { 'if-none-match': String(page.headers.etag) } })
    expect(again.status).toBe(304)
  })

  it('the console shows no folder, no hidden file and nothing outside', async () => {
    const paths = [
      'assets/',
      'assets',
      '.secret',
      '../package.json',
      '..%2f..%2fetc/passwd',
      '%2e%2e/%2e%2e/etc/passwd',
      'none.js',
      '%00',
      'a%5c..%5cx',
    ]
    for (const path of paths) {
      const answer = await call(app, `GET /console/${path}`)
      expect([path, answer.status < 500 && answer.status >= 400]).toEqual([path, true])
      expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
    }
  })

  it('a console that was not built is not found', async () => {
    const bare = await aServer({ console: join(folder, 'nothing-here'), env: { LAPUTA_HTTP__DOCS_PAGE: 'false' } })
    try {
      expect((await call(bare, 'GET /console/')).status).toBe(404)
      expect((await call(bare, 'GET /docs')).status).toBe(404)
      expect((await call(bare, 'GET /openapi.json')).status).toBe(200)
    } finally {
      await bare.close()
    }
  })

  it('/docs/errors explains every code where problems point to', async () => {
    const page = await call(app, 'GET /docs/errors')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    const { type } = (await call(app, 'GET /me')).body
    expect(page.text).toContain(`id="${type.split('#')[1]}"`)
  })
})

describe('the description of the API', () => {
  it('is OpenAPI 3.1 of every route, from the schemas that check them', async () => {
    const { body, headers } = await call(app, 'GET /openapi.json')
    expect([body.openapi, body.info.version, headers['cache-control']]).toEqual(['3.1.0', '0.0.0-test', 'no-cache'])
    const operations = Object.entries<Record<string, unknown>>(body.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    )
    expect(operations).toEqual(
      expect.arrayContaining([
        'post /login',
        'get /users/{username}',
        'patch /users/{username}',
        'post /{app}/deep',
        'get /{app}/echo/{name}',
      ]),
    )
    expect(operations.some((name) => /head|options|console|docs/.test(name))).toBe(false)
    const login = body.paths['/login'].post
    expect(login.requestBody.content['application/json'].schema).toMatchObject({
      required: ['username', 'password'],
      additionalProperties: false,
    })
    expect(login.security).toEqual([])
    expect(Object.keys(login.responses)).toEqual(expect.arrayContaining(['401', '429', 'default']))
    const echo = body.paths['/{app}/echo/{name}'].get
    expect(
      echo.parameters.map(({ name, in: where }: { name: string; in: string }) => `${where} ${name}`).sort(),
    ).toEqual(['path app', 'path name', 'query n', 'query stage'])
    expect(echo.security).toEqual([{ bearer: [] }, { basic: [] }])
    expect(JSON.stringify(body)).not.toMatch(/__SCHEMA__|\$defs/)
  })

  it('has a page without foreign or inline files', async () => {
    const page = await call(app, 'GET /docs')
    expect(page.status).toBe(200)
    expect(page.headers['content-security-policy']).not.toMatch(/unsafe-eval|https:/)
    const files = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '')
    expect(files.length).toBeGreaterThan(4)
    for (const file of files) {
      expect(file).toMatch(/^\/docs\/static\//)
      expect((await call(app, `GET ${file as '/'}`)).status).toBe(200)
    }
    expect(page.text).not.toMatch(/<script>|<style>/)
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
