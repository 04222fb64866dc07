import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { type Answer, anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { anAppBuilder } from '../../../test/builders/live-app.ts'

/** How long to wait for what happens in the background. */
const soon = { timeout: 15_000 }

const secret = 'MARKER-refresh-51c0'
let api: HttpSource
let instance: Instance
let builder: Caller
let viewer: Caller
let connection: string

beforeAll(async () => {
  api = await anHttpSource()
  instance = await anInstance({ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1', LAPUTA_JOBS__ISOLATE: 'never' })
  await instance.anApp({ id: 'shop', domains: { sales: 'n\n1\n2\n' } })
  builder = await instance.aUser({ privileges: { shop: ['contribute'] } })
  viewer = await instance.aUser({ privileges: { shop: ['view'] } })
  connection = await anAppBuilder(instance, 'shop').connection('http', {
    ...{ baseroute: api.base, auth: 'bearer', token: secret },
  })
})
beforeEach(() => {
  api.answerWith([
    { country: 'FR', n: 1 },
    { country: 'IT', n: 2 },
  ])
})
afterAll(async () => {
  await instance.close()
  await api.close()
})

const stored = (domain: string, query: object = { url: 'orders' }, from = connection) =>
  builder.call('PUT', `/shop/data/domains/${domain}`, { body: { kind: 'stored', connection: from, query } })
const refresh = (body?: unknown, headers: Record<string, string> = { prefer: 'wait=30' }) =>
  builder.call('POST', '/shop/data/preprocess?stage=staging', { ...(body !== undefined && { body }), headers })
const read = (domain: string, stage = 'staging') =>
  builder.call('POST', `/shop/data?stage=${stage}`, { body: { domain, pipeline: [] } })
const rowsOf = async (domain: string, stage?: string) => (await read(domain, stage)).body.data
const definition = async (domain: string) =>
  (await builder.call('GET', `/shop/data/domains/${domain}?stage=staging`)).body

describe('a stored domain of a connection', () => {
  it('has no rows before its first refresh, and says so', async () => {
    expect((await stored('orders')).body).toMatchObject({ domain: 'orders', kind: 'stored' })
    const answer = await read('orders')
    expect([answer.status, answer.body.code]).toEqual([409, 'not_loaded'])
    expect(await definition('orders')).toEqual({
      ...{ domain: 'orders', kind: 'stored', version: null, connection, connector: 'http' },
      query: expect.objectContaining({ url: 'orders' }),
    })
    const { body } = await builder.call('GET', '/shop/data/sources?stage=staging')
    expect(body).toMatchObject([
      { domain: 'orders', filename: null, connection, version: null, count: null, columns: [] },
      { domain: 'sales', filename: 't.csv', connection: null, count: 2 },
    ])
  })

  it('keeps production from being published before it is read', async () => {
    const answer = await builder.publish('shop')
    expect([answer.status, answer.body.code]).toEqual([409, 'not_loaded'])
  })

  it('is read at each refresh, and not when it is asked for', async () => {
    const { status, body } = await refresh()
    expect(status).toBe(200)
    const { result, lines, labels } = body.operation
    expect(result).toEqual({
      release: expect.any(String),
      domains: expect.arrayContaining([
        { domain: 'orders', version: expect.any(String), count: 2 },
        { domain: 'sales', version: expect.any(String), count: 2 },
      ]),
      skipped: [],
    })
    expect(lines).toEqual(expect.arrayContaining(['orders: 2 rows', 'sales: 2 rows']))
    expect(labels).toEqual({})
    expect(await rowsOf('orders')).toEqual([
      { country: 'FR', n: 1 },
      { country: 'IT', n: 2 },
    ])
    api.answerWith([{ country: 'JP', n: 3 }])
    expect(await rowsOf('orders')).toHaveLength(2)
    await refresh({ domains: ['orders'], notify: true })
    expect(await rowsOf('orders')).toEqual([{ country: 'JP', n: 3 }])
  })

  it('shows staging only, until it is published', async () => {
    expect((await read('orders', 'production')).body.code).toBe('pipeline_invalid')
    await builder.call('PUT', '/shop/permissions/orders', { body: [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }] })
    expect((await builder.publish('shop')).status).toBe(200)
    expect(await rowsOf('orders', 'production')).toEqual([{ country: 'JP', n: 3 }])
  })

  it('keeps its rows when it is written once more as it is, and loses them for another source', async () => {
    const { version } = await definition('orders')
    await stored('orders')
    expect((await definition('orders')).version).toBe(version)
    await stored('orders', { url: 'others' })
    expect((await definition('orders')).version).toBeNull()
    await stored('orders')
    expect((await refresh({ domains: ['orders'] })).status).toBe(200)
  })

  it('keeps its columns when the source has become empty', async () => {
    api.answerWith([])
    expect((await refresh({ domains: ['orders'] })).status).toBe(200)
    const answer = await read('orders')
    expect(answer.body.data).toEqual([])
    expect(answer.body.columns.map(({ name }: { name: string }) => name)).toEqual(['country', 'n'])
    await stored('fresh', { url: 'fresh' })
    const empty = await refresh({ domains: ['fresh'] })
    expect([empty.status, empty.body.code]).toEqual([422, 'query_failed'])
    await builder.call('DELETE', '/shop/data/domains/fresh')
  })

  it('cannot depend on who looks at it', async () => {
    const answer = await stored('personal', { url: 'orders', params: { who: '{{ user.username }}' } })
    expect([answer.status, answer.body.code]).toEqual([400, 'pipeline_invalid'])
  })

  it('keeps its connection from being removed', async () => {
    const answer = await builder.call('DELETE', `/shop/connections/${connection}`)
    expect([answer.status, answer.body.code]).toEqual([409, 'in_use'])
  })
})

describe('POST /<app>/data/preprocess', () => {
  it('changes nothing when one of the sources fails', async () => {
    await stored('bad', { url: 'bad' })
    const before = [await definition('orders'), await definition('sales')]
    api.handler = (request, response) => {
      response.writeHead(request.url?.includes('bad') ? 404 : 200, { 'content-type': 'application/json' })
      response.end('[{"country":"new","n":1}]')
    }
    const { status, body } = await refresh()
    expect([status, body.code]).toEqual([502, 'source_failed'])
    expect(body.detail).toContain('"bad"')
    expect([await definition('orders'), await definition('sales')]).toEqual(before)
    const { body: operations } = await builder.call('GET', '/shop/operations?state=failed&job=refresh&limit=1')
    expect(operations[0]).toMatchObject({ attempt: 3, error: { code: 'source_failed' } })
    await builder.call('DELETE', '/shop/data/domains/bad')
  })

  it('does not undo what others did meanwhile', async () => {
    await stored('kept', { url: 'kept' })
    await stored('removed', { url: 'removed' })
    let asked = () => {}
    const reading = new Promise<void>((resolve) => {
      asked = resolve
    })
    let answer = () => {}
    api.handler = (_request, response) => {
      asked()
      answer = () => response.end('[{"n":1}]')
    }
    const { body } = await refresh({ domains: ['kept', 'removed', 'sales'] }, {})
    await reading
    await builder.upload('shop', 'sales', 'n\n7\n8\n9\n')
    await builder.call('DELETE', '/shop/data/domains/removed')
    await builder.upload('shop', 'added', 'n\n1\n')
    api.answerWith([{ n: 1 }])
    answer()
    const follow = async () => (await builder.call('GET', `/shop/operations/${body.operation_id}`)).body
    await expect.poll(async () => (await follow()).state, soon).toBe('done')
    const { result } = await follow()
    expect(result.domains.map(({ domain }: { domain: string }) => domain)).toEqual(['kept'])
    expect(result.skipped.sort()).toEqual(['removed', 'sales'])
    expect(await rowsOf('sales')).toEqual([{ n: 7 }, { n: 8 }, { n: 9 }])
    expect((await read('removed')).body.code).toBe('pipeline_invalid')
    expect(await rowsOf('added')).toEqual([{ n: 1 }])
  })

  it('is cancelled while a source is being read, and changes nothing', async () => {
    await stored('endless', { url: 'endless' })
    let asked = () => {}
    const reading = new Promise<void>((resolve) => {
      asked = resolve
    })
    api.handler = () => asked()
    const { body } = await refresh({ domains: ['endless'] }, {})
    await reading
    const cancelled = await builder.call('POST', `/shop/operations/${body.operation_id}/cancel`)
    expect(cancelled.status).toBe(200)
    const state = async () => (await builder.call('GET', `/shop/operations/${body.operation_id}`)).body.state
    await expect.poll(state, soon).toBe('cancelled')
    expect((await definition('endless')).version).toBeNull()
    await builder.call('DELETE', '/shop/data/domains/endless')
  })

  it('waits where the original waited, and takes no body at all', async () => {
    expect((await refresh({ async: true }, {})).status).toBe(202)
    expect((await refresh({ async: false }, {})).status).toBe(200)
    expect((await refresh(undefined, {})).status).toBe(202)
    expect((await refresh('', { 'content-type': 'application/json' })).status).toBe(202)
  })

  it('gives the same operation for the same Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'again' }
    const [first, second] = [await refresh({}, headers), await refresh({}, headers)]
    expect(second.body.operation_id).toBe(first.body.operation_id)
    const other = await refresh({ domains: ['sales'] }, headers)
    expect([other.status, other.body.code]).toEqual([409, 'conflict'])
  })

  it('says that there is nothing to do', async () => {
    await instance.anApp({ id: 'empty', published: false })
    const { body } = await instance.admin.call('POST', '/empty/data/preprocess', { headers: { prefer: 'wait=30' } })
    expect(body.operation).toMatchObject({ result: { domains: [] }, lines: [expect.stringContaining('No domain')] })
  })

  it('refuses what it does not know, and other people', async () => {
    const unknown = await refresh({ domains: ['ordes'] })
    expect([unknown.status, unknown.body.errors[0].nearest[0]]).toEqual([400, 'orders'])
    for (const body of [{ domains: [] }, { domains: 'orders' }, { everything: true }, []]) {
      expect((await refresh(body)).status).toBe(400)
    }
    expect((await viewer.call('POST', '/shop/data/preprocess')).status).toBe(403)
    expect((await instance.nobody.call('POST', '/shop/data/preprocess')).status).toBe(401)
    expect((await (await instance.aUser()).call('POST', '/shop/data/preprocess')).status).toBe(404)
  })

  it('never says the secret of the connection', async () => {
    const { body: operations } = await builder.call('GET', '/shop/operations?limit=200')
    expect(operations.length).toBeGreaterThan(10)
    const said: Answer[] = [await builder.call('GET', '/shop/operations?limit=200')]
    for (const { id } of operations) said.push(await builder.call('GET', `/shop/operations/${id}/log`))
    for (const { bytes } of said) expect(String(bytes)).not.toContain(secret)
  })
})
