import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aServer, call, type TestServer } from '../../test/builders/server.ts'
import { trialRoutes } from '../../test/builders/server-routes.ts'

let app: TestServer
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'laputa-console-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Console</title>')
  await writeFile(join(folder, 'assets/main-4f3a.js'), 'export {}')
  await writeFile(join(folder, '.secret'), 'x')
  app = await aServer({ routes: () => trialRoutes, console: folder })
})
afterAll(async () => {
  await app.close()
  await rm(folder, { recursive: true, force: true })
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
