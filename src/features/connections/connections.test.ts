import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anAdmin, aSession } from '../../../test/builders/auth.ts'
import { aTestSource, type TestSource } from '../../../test/builders/connector.ts'
import { aServer, call, type TestServer } from '../../../test/builders/server.ts'
import { createSecretBox } from '../../auth/index.ts'
import { Problem } from '../../base/index.ts'
import { createCatalog } from '../../catalog/index.ts'
import { createConnectionPool } from './connection-pool.ts'
import { connectionsRoutes } from './connections.routes.ts'
import { type Connections, type ConnectionUse, createConnections } from './connections.service.ts'
import { createConnectionStore } from './connections.store.ts'

let app: TestServer
let source: TestSource
let connections: Connections
let uses: ConnectionUse[] = []
const people: Record<'admin' | 'builder' | 'viewer' | 'stranger', string> = {} as never

beforeAll(async () => {
  source = aTestSource()
  const connectors = new Map([[source.connector.type, source.connector]])
  let box: Awaited<ReturnType<typeof createSecretBox>>
  app = await aServer({
    routes({ audit, store, clock, log }) {
      const catalog = createCatalog({ store, clock })
      connections = createConnections({
        connections: createConnectionStore(store),
        connectors,
        box: { seal: (...a) => box.seal(...a), open: (...a) => box.open(...a) },
        clock,
        appMadeAt: async (id) => (await catalog.app(id)).createdAt,
        usesOf: async () => uses,
      })
      const limits = { timeoutMs: 1000, maxRows: 10, maxBytes: 1000, concurrency: 1 }
      const pool = createConnectionPool({ resolve: connections.resolve, dialer: {} as never, clock, log, limits })
      return connectionsRoutes({ audit, connections, connectors, pool })
    },
  })
  box = await createSecretBox({ home: app.home })
  const catalog = createCatalog({ store: app.store, clock: app.clock })
  await catalog.createApp({ id: 'shop', name: 'Shop', by: 'root' })
  await catalog.createApp({ id: 'lab', name: 'Lab', by: 'root' })
  people.admin = (await anAdmin(app)).token
  people.builder = (await aSession(app, { privileges: { shop: ['contribute'] } })).token
  people.viewer = (await aSession(app, { privileges: { shop: ['validate'] } })).token
  people.stranger = (await aSession(app, { privileges: { lab: ['contribute'] } })).token
})
afterAll(() => app.close())
beforeEach(() => {
  uses = []
  source.failure = null
  source.opened.length = 0
})

const as =
  (token: string) =>
  (line: `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /${string}`, body?: unknown, headers = {}) =>
    call(app, line, { token, headers, ...(body !== undefined && { body }) })
const builder = (...args: Parameters<ReturnType<typeof as>>) => as(people.builder)(...args)

let made = 0
const secret = 'MARKER-hunter2'
async function aConnection(config: object = { host: 'db', password: secret }): Promise<{ id: string; etag: string }> {
  const answer = await builder('POST /shop/connections', { name: `c${++made}`, type: 'test', config })
  expect(answer.status, answer.text).toBe(201)
  return { id: answer.body.id, etag: String(answer.headers.etag) }
}
const openedConfig = async (id: string) => (await connections.resolve('shop', id)).config

describe('a connection', () => {
  it('is made, read and listed without its secrets', async () => {
    const config = { host: 'db', port: 5432, password: secret, token: { kind: 'x', value: secret } }
    const answer = await builder('POST /shop/connections', { name: ' Sales ', type: 'test', config, cache_ttl: 60 })
    expect(answer.status).toBe(201)
    expect(answer.headers.location).toBe(`/shop/connections/${answer.body.id}`)
    expect(answer.body).toMatchObject({
      name: 'Sales',
      type: 'test',
      config: { host: 'db', port: 5432 },
      secrets: { password: true, token: true },
      cache_ttl: 60,
      created_by: expect.stringMatching(/^user-/),
    })
    const read = await builder(`GET /shop/connections/${answer.body.id}`)
    expect(read.body).toEqual(answer.body)
    expect(read.headers.etag).toBe(answer.headers.etag)
    expect((await builder('GET /shop/connections')).body).toContainEqual(answer.body)
    expect(await openedConfig(answer.body.id)).toEqual(config)
  })

  it('is one of one app', async () => {
    const { id } = await aConnection()
    const admin = as(people.admin)
    for (const line of [
      `GET /lab/connections/${id}`,
      `GET /lab/connections/${id}/form`,
      `GET /lab/connections/${id}/schema`,
      `POST /lab/connections/${id}/status`,
      `DELETE /lab/connections/${id}`,
    ] as const) {
      expect((await admin(line)).body, line).toMatchObject({ status: 404, code: 'not_found' })
    }
    expect((await admin(`PATCH /lab/connections/${id}`, { name: 'x' })).status).toBe(404)
    expect((await admin('GET /lab/connections')).body).toEqual([])
    await expect(connections.resolve('lab', id)).rejects.toMatchObject({ code: 'not_found' })
    expect((await admin('GET /none/connections')).status).toBe(404)
    expect((await admin('POST /none/connections', { name: 'x', type: 'test', config: { host: 'a' } })).status).toBe(404)
  })

  it('has a name that no other one of the app has, in whatever case', async () => {
    const body = { name: 'Twice', type: 'test', config: { host: 'a' } }
    expect((await builder('POST /shop/connections', body)).status).toBe(201)
    expect((await builder('POST /shop/connections', { ...body, name: 'tWICE' })).body.code).toBe('conflict')
    const { id } = await aConnection()
    expect((await builder(`PATCH /shop/connections/${id}`, { name: 'TWICE' })).body.code).toBe('conflict')
    expect((await as(people.admin)('POST /lab/connections', body)).status).toBe(201)
  })

  it('goes away, and is not found afterwards', async () => {
    const { id } = await aConnection()
    expect((await builder(`DELETE /shop/connections/${id}`)).status).toBe(200)
    expect((await builder(`DELETE /shop/connections/${id}`)).status).toBe(404)
    expect((await builder(`GET /shop/connections/${id}`)).status).toBe(404)
  })

  it('stays while a domain reads it', async () => {
    const { id } = await aConnection()
    uses = [{ stage: 'production', domain: 'sales' }]
    const answer = await builder(`DELETE /shop/connections/${id}`)
    expect([answer.status, answer.body.code]).toEqual([409, 'in_use'])
    expect(answer.body.errors).toEqual([{ path: '', message: 'The domain "sales" in production reads it.' }])
    expect((await builder(`GET /shop/connections/${id}`)).status).toBe(200)
  })

  it('goes away with its app, and does not outlive it', async () => {
    const catalog = createCatalog({ store: app.store, clock: app.clock })
    const admin = as(people.admin)
    const body = { name: 'x', type: 'test', config: { host: 'a' } }
    await catalog.createApp({ id: 'brief', name: 'b', by: 'root' })
    await admin('POST /brief/connections', body)
    expect(await connections.removeAll('brief')).toHaveLength(1)
    expect((await admin('GET /brief/connections')).body).toEqual([])
    // An app that goes away, and comes back, while one of its connections is being made.
    const store = createConnectionStore(app.store)
    const late = createConnections({
      connections: {
        ...store,
        async insert(connection) {
          const stored = await store.insert(connection)
          await catalog.removeApp('brief')
          app.clock.advance(1)
          await catalog.createApp({ id: 'brief', name: 'b', by: 'root' })
          return stored
        },
      },
      connectors: new Map([['test', source.connector]]),
      box: await createSecretBox({ home: app.home }),
      clock: app.clock,
      appMadeAt: async (id) => (await catalog.app(id)).createdAt,
      usesOf: async () => [],
    })
    await expect(late.create('root', 'brief', body)).rejects.toMatchObject({ code: 'not_found' })
    expect((await admin('GET /brief/connections')).body).toEqual([])
  })
})

describe('a change', () => {
  it('merges the config: what is not sent stays, null removes', async () => {
    const { id } = await aConnection({ host: 'db', user: 'u', password: secret, token: { kind: 'x', value: 'y' } })
    const change = (body: object) => builder(`PATCH /shop/connections/${id}`, body)
    expect((await change({ config: { host: 'db2', user: null } })).body).toMatchObject({
      config: { host: 'db2' },
      secrets: { password: true, token: true },
    })
    expect(await openedConfig(id)).toEqual({ host: 'db2', password: secret, token: { kind: 'x', value: 'y' } })
    expect((await change({ config: { password: null } })).body.secrets).toEqual({ password: false, token: true })
    expect(await openedConfig(id)).toEqual({ host: 'db2', token: { kind: 'x', value: 'y' } })
    expect((await change({ config: { password: 'another' } })).body.secrets.password).toBe(true)
    expect((await change({ name: 'renamed', cache_ttl: 0 })).body).toMatchObject({ name: 'renamed', cache_ttl: 0 })
    expect(await connections.resolve('shop', id)).toMatchObject({ ttlMs: 0, config: { password: 'another' } })
    expect((await change({ cache_ttl: null })).body.cache_ttl).toBeNull()
    expect((await change({})).status).toBe(200)
    expect((await change({ config: { host: null } })).body).toMatchObject({
      status: 400,
      errors: [{ path: '/config/host' }],
    })
    expect((await openedConfig(id)).host).toBe('db2')
  })

  it('of another state than the one that was read is refused', async () => {
    const { id, etag } = await aConnection()
    const first = await builder(`PATCH /shop/connections/${id}`, { config: { host: 'b' } }, { 'if-match': etag })
    expect(first.status).toBe(200)
    expect(first.headers.etag).not.toBe(etag)
    const late = await builder(`PATCH /shop/connections/${id}`, { config: { host: 'c' } }, { 'if-match': etag })
    expect([late.status, late.body.code]).toEqual([412, 'precondition_failed'])
    expect((await builder(`DELETE /shop/connections/${id}`, undefined, { 'if-match': etag })).status).toBe(412)
    expect((await builder(`DELETE /shop/connections/${id}`, undefined, { 'if-match': 'W/"1"' })).status).toBe(412)
    expect((await builder(`GET /shop/connections/${id}`)).body.config.host).toBe('b')
    const many = await Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        builder(
          `PATCH /shop/connections/${id}`,
          { config: { port: i + 1 } },
          { 'if-match': String(first.headers.etag) },
        ),
      ),
    )
    expect(many.filter(({ status }) => status === 200)).toHaveLength(1)
  })
})

describe('what is not valid', () => {
  const body = { name: 'x', type: 'test', config: { host: 'a' } }
  it.each<[string, unknown, string]>([
    ['no body', [], ''],
    ['no name', { ...body, name: undefined }, '/name'],
    ['a blank name', { ...body, name: '  ' }, '/name'],
    ['an invisible name', { ...body, name: 'a\u0000' }, '/name'],
    ['an unknown type', { ...body, type: 'tset' }, '/type'],
    ['a type of Object', { ...body, type: 'constructor' }, '/type'],
    ['an unknown field', { ...body, id: 'mine' }, '/id'],
    ['secrets that are shown', { ...body, secrets: { password: true } }, '/secrets'],
    ['an unknown field of the config', { ...body, config: { host: 'a', sslmode: 'x' } }, '/config/sslmode'],
    ['a missing field of the config', { ...body, config: {} }, '/config/host'],
    ['a field of another type', { ...body, config: { host: 'a', port: '5432' } }, '/config/port'],
    ['a config that is none', { ...body, config: 'host=a' }, '/config'],
    ['a negative time', { ...body, cache_ttl: -1 }, '/cache_ttl'],
    ['an operator of a database', { ...body, name: { $ne: '' } }, '/name'],
  ])('is refused with its place: %s', async (_, sent, path) => {
    const { status, body: problem } = await builder('POST /shop/connections', sent)
    expect([status, problem.code]).toEqual([400, 'invalid_request'])
    expect(problem.errors.map((item: { path: string }) => item.path)).toContain(path)
  })

  it('cannot be written into a connection afterwards', async () => {
    const { id } = await aConnection()
    for (const change of [{ type: 'http' }, { app: 'lab' }, { config: { x: 1 } }, { id: 'y' }, { name: '' }]) {
      expect((await builder(`PATCH /shop/connections/${id}`, change)).status).toBe(400)
    }
  })
})

it.each([
  'GET /shop/connections',
  'POST /shop/connections',
  'GET /shop/connections/x',
  'PATCH /shop/connections/x',
  'DELETE /shop/connections/x',
  'POST /shop/connections/x/status',
  'GET /shop/connections/x/form',
  'GET /shop/connections/x/schema',
] as const)('%s: builders of the app only', async (line) => {
  const body = line.startsWith('PATCH') ? { body: {} } : {}
  expect((await call(app, line, body)).status).toBe(401)
  expect((await call(app, line, { ...body, token: people.viewer })).body).toMatchObject({
    status: 403,
    code: 'forbidden',
  })
  expect((await call(app, line, { ...body, token: people.stranger })).body).toMatchObject({ status: 404 })
  if (line.includes('/x')) expect((await builder(line, body.body)).status).toBe(404)
})

describe('the source', () => {
  it('is tested, with what is wrong as the answer', async () => {
    const { id } = await aConnection()
    const test = () => builder(`POST /shop/connections/${id}/status`)
    expect(await test()).toMatchObject({
      status: 200,
      body: { ok: true, error: null, checks: [{ name: 'Host resolved', passed: true }] },
    })
    source.failure = new Problem('source_timeout', 'No answer.')
    expect((await test()).body).toEqual({ ok: false, error: 'No answer.', checks: [] })
    source.failure = null
    await builder(`PATCH /shop/connections/${id}`, { config: { host: '10.0.0.1' } })
    source.failure = new Problem('address_refused', 'Not 10.0.0.1.')
    expect((await test()).body).toMatchObject({ ok: false, error: 'Not 10.0.0.1.' })
    source.failure = null
    expect((await test()).body.ok).toBe(true)
  })

  it('gives the choices of the form and the schema', async () => {
    const { id } = await aConnection()
    const form = await builder(`GET /shop/connections/${id}/form`)
    expect(form.body.error).toBeNull()
    expect(form.body.query).toMatchObject({
      type: 'object',
      required: ['table'],
      properties: { table: { type: 'string', examples: ['sales'] }, schema: { examples: ['public'] } },
    })
    expect((await builder(`GET /shop/connections/${id}/schema`)).body).toEqual({ tables: source.tables })
    source.failure = new Problem('source_failed', 'Down.')
    const broken = await builder(`GET /shop/connections/${id}/form`)
    expect(broken).toMatchObject({ status: 200, body: { error: 'Down.', query: { required: ['table'] } } })
    expect(broken.body.query.properties.table.examples).toBeUndefined()
    expect((await builder(`GET /shop/connections/${id}/schema`)).body).toMatchObject({ status: 502, detail: 'Down.' })
  })
})

describe('GET /connectors', () => {
  it('describes the kinds of sources to whoever is signed in', async () => {
    const { status, body } = await as(people.stranger)('GET /connectors')
    expect(status).toBe(200)
    expect(body).toMatchObject([{ type: 'test', label: 'Test source', secrets: ['password', 'token'], native: null }])
    expect(body[0].config.properties.password).toMatchObject({ type: 'string', writeOnly: true })
    expect(body[0].config.properties.host).toEqual({ type: 'string', minLength: 1 })
    expect(body[0].query.properties.table).toEqual({ type: 'string' })
    expect((await call(app, 'GET /connectors')).status).toBe(401)
  })
})

describe('secrets', () => {
  it('stand nowhere: not in answers, errors, the log or the store', async () => {
    const texts: string[] = []
    const say = async (...args: Parameters<typeof builder>) => {
      const answer = await builder(...args)
      texts.push(answer.text, JSON.stringify(answer.headers))
      return answer
    }
    const config = { host: 'db', password: secret, token: { kind: 'x', value: secret } }
    const { body } = await say('POST /shop/connections', { name: 'secretive', type: 'test', config })
    const at = `/shop/connections/${body.id}` as const
    await say(`GET ${at}`)
    await say('GET /shop/connections')
    await say(`PATCH ${at}`, { config: { token: { kind: 'y', value: secret } } })
    // Everything that can be wrong with a secret: of another type, in the wrong place, too short for a schema that quotes it.
    await say(`PATCH ${at}`, { config: { password: [secret] } })
    await say(`PATCH ${at}`, { config: { token: secret } })
    await say(`PATCH ${at}`, { config: { token: { kind: 1, value: secret } } })
    const short = await say(`PATCH ${at}`, { config: { password: 'MA' } })
    expect(short.body.errors).toEqual([{ path: '/config/password', message: 'This secret is missing or not valid.' }])
    expect(short.text).not.toContain('"MA')
    source.failure = new Error(`cannot reach postgres://u:${secret}@db`)
    await say(`POST ${at}/status`)
    await say(`GET ${at}/schema`)
    source.failure = null
    await say(`POST ${at}/status`)
    source.failure = new Error(`lost postgres://u:${secret}@db`)
    for (const line of [`POST ${at}/status`, `GET ${at}/form`, `GET ${at}/schema`] as const) {
      expect((await say(line)).text).toContain('The source failed')
    }
    source.failure = null
    const kept = await app.store
      .collection<{ id: string }>({ name: 'connections', unique: ['nameKey'], indexes: ['app'] })
      .find()
    texts.push(JSON.stringify(kept))
    expect(texts.join('\n')).not.toContain('MARKER')
    const log = app.lines.map(({ message, fields }) => message + JSON.stringify(fields) + String(fields.err ?? ''))
    expect(log.join('\n')).not.toContain('MARKER')
    expect(await openedConfig(body.id)).toMatchObject({ password: secret })
  })

  it('are not shown either when they became secrets only after they were saved', async () => {
    const { id } = await aConnection({ host: 'db' })
    const collection = app.store.collection<{ id: string; config: object }>({
      name: 'connections',
      unique: ['nameKey'],
      indexes: ['app'],
    })
    const { doc, version } = (await collection.get(id))!
    await collection.replace({ ...doc, config: { ...doc.config, password: secret } }, version)
    const shown = (await builder(`GET /shop/connections/${id}`)).body
    expect([shown.config, shown.secrets]).toEqual([{ host: 'db' }, { password: true, token: false }])
    await builder(`PATCH /shop/connections/${id}`, {})
    expect((await collection.get(id))?.doc.config).toEqual({ host: 'db' })
    expect((await openedConfig(id)).password).toBe(secret)
  })

  it('of one connection do not open in another one', async () => {
    const [a, b] = [await aConnection(), await aConnection({ host: 'evil', password: 'other' })]
    const collection = app.store.collection<{ id: string; secrets: object }>({
      name: 'connections',
      unique: ['nameKey'],
      indexes: ['app'],
    })
    const [from, to] = [await collection.get(a.id), await collection.get(b.id)]
    await collection.replace({ ...to!.doc, secrets: from!.doc.secrets }, to!.version)
    await expect(connections.resolve('shop', b.id)).rejects.toMatchObject({ code: 'storage_failed' })
    expect((await builder(`GET /shop/connections/${b.id}`)).status).toBe(200)
    expect((await builder(`PATCH /shop/connections/${b.id}`, { name: 'evil too' })).body.code).toBe('storage_failed')
    // Setting it again mends it.
    expect((await builder(`PATCH /shop/connections/${b.id}`, { config: { password: 'anew' } })).status).toBe(200)
    expect(await openedConfig(b.id)).toEqual({ host: 'evil', password: 'anew' })
  })
})
