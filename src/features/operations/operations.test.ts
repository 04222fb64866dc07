import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { anAppBuilder } from '../../../test/builders/live-app.ts'

/** How long to wait for what happens in the background. */
const soon = { timeout: 15_000 }

let api: HttpSource
let instance: Instance
let builder: Caller
let viewer: Caller
let stranger: Caller

beforeAll(async () => {
  api = await anHttpSource()
  instance = await anInstance({ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1', LAPUTA_JOBS__ISOLATE: 'never' })
  await instance.anApp({ id: 'shop', domains: { sales: 'n\n1\n' } })
  await instance.anApp({ id: 'other', domains: { sales: 'n\n1\n' } })
  builder = await instance.aUser({ privileges: { shop: ['contribute'] } })
  viewer = await instance.aUser({ privileges: { shop: ['validate'] } })
  stranger = await instance.aUser({ privileges: { other: ['contribute'] } })
  const connection = await anAppBuilder(instance, 'shop').connection('http', { baseroute: api.base })
  await builder.call('PUT', '/shop/data/domains/slow', { body: { kind: 'stored', connection, query: { url: 'slow' } } })
})
afterAll(async () => {
  await instance.close()
  await api.close()
})

const operation = async (id: string) => (await builder.call('GET', `/shop/operations/${id}`)).body
const stateOf = async (id: string) => (await operation(id)).state
const list = async (query = '') => (await builder.call('GET', `/shop/operations${query}`)).body
const begin = async (url: string, body: object = {}) => (await builder.call('POST', url, { body })).body.operation_id

/** Begins a refresh that waits for a source until it is told to go on. */
async function aRunningRefresh(): Promise<{ id: string; goOn(): void }> {
  let answer = () => {}
  const asked = new Promise<void>((resolve) => {
    api.handler = (_request, response) => {
      answer = () => response.end('[{"n":1}]')
      resolve()
    }
  })
  const id = await begin('/shop/data/preprocess', { domains: ['slow'] })
  await asked
  return { id, goOn: () => answer() }
}

describe('/<app>/operations', () => {
  it('shows how an operation is going, and what it said', async () => {
    const { id, goOn } = await aRunningRefresh()
    await expect.poll(async () => (await operation(id)).progress?.stage, soon).toBe('reading slow')
    expect(await operation(id)).toMatchObject({
      ...{ id, job: 'refresh', app: 'shop', stage: 'staging', state: 'running', attempt: 1, result: null, error: null },
      by: expect.stringMatching(/^user-/),
      created_at: expect.stringMatching(/Z$/),
      ended_at: null,
    })
    expect(await list('?state=queued,running')).toMatchObject([{ id }])
    goOn()
    await expect.poll(() => stateOf(id), soon).toBe('done')
    expect(await operation(id)).toMatchObject({
      result: { domains: [{ domain: 'slow', count: 1 }] },
      lines: ['slow: 1 rows'],
    })
    const log = await builder.call('GET', `/shop/operations/${id}/log`)
    expect(log.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(String(log.bytes)).toBe('slow: 1 rows\n')
  })

  it('lists the newest first, in pages, by state and by job', async () => {
    for (let index = 0; index < 3; index++) await builder.publish('shop')
    const all = await list('?limit=200')
    const ids = all.map(({ id }: { id: string }) => id)
    expect(ids).toEqual([...ids].sort().reverse())
    const first = await list('?limit=2')
    const second = await list(`?limit=2&after=${first[1].id}`)
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids.slice(0, 4))
    const published = await list('?job=publish&limit=3')
    expect(published.map(({ job }: { job: string }) => job)).toEqual(['publish', 'publish', 'publish'])
    expect(await list('?job=nothing')).toEqual([])
    expect(await list('?state=failed')).toEqual([])
    for (const query of ['?state=gone', '?limit=0', '?limit=1000', '?unknown=1']) {
      expect((await builder.call('GET', `/shop/operations${query}`)).status).toBe(400)
    }
  })

  it('carries the id of the request that asked for it', async () => {
    const { body } = await builder.publish('shop', undefined, { 'x-request-id': 'request-0042' })
    expect(body.operation.request_id).toBe('request-0042')
  })

  it('cancels what waits at once, and what runs as soon as it hears of it', async () => {
    const { id } = await aRunningRefresh()
    const waiting = await begin('/shop/data/preprocess')
    expect(await stateOf(waiting)).toBe('queued')
    expect((await builder.call('POST', `/shop/operations/${waiting}/cancel`)).body.state).toBe('cancelled')
    await builder.call('POST', `/shop/operations/${id}/cancel`)
    await expect.poll(() => stateOf(id), soon).toBe('cancelled')
    const again = await builder.call('POST', `/shop/operations/${id}/cancel`)
    expect([again.status, again.body.code]).toEqual([409, 'conflict'])
  })

  it('begins anew what was cancelled or failed, and nothing else', async () => {
    const { id } = await aRunningRefresh()
    await builder.call('POST', `/shop/operations/${id}/cancel`)
    await expect.poll(() => stateOf(id), soon).toBe('cancelled')
    api.answerWith([{ n: 1 }])
    const { status, body, headers } = await builder.call('POST', `/shop/operations/${id}/retry`)
    expect([status, body.operation_id, headers.location]).toEqual([202, id, `/shop/operations/${id}`])
    await expect.poll(() => stateOf(id), soon).toBe('done')
    expect((await builder.call('POST', `/shop/operations/${id}/retry`)).status).toBe(409)
  })

  it('keeps in the audit log who began a publication anew', async () => {
    const failed = await begin('/shop/data/release', { domains: ['nowhere'] })
    await expect.poll(() => stateOf(failed), soon).toBe('failed')
    const other = await instance.aUser({ username: 'other-builder', privileges: { shop: ['contribute'] } })
    await other.call('POST', `/shop/operations/${failed}/retry`)
    const { body } = await instance.admin.call('GET', '/audit?limit=20')
    expect(body).toContainEqual(
      expect.objectContaining({
        ...{ action: 'release.publish', by: 'other-builder', app: 'shop' },
        details: { operation: failed, retry: true },
      }),
    )
  })

  it('is for the builders of the app, and tells nobody else that there is one', async () => {
    const { body } = await builder.publish('shop')
    const id = body.operation_id
    const routes = [
      ['GET', ''],
      ['GET', `/${id}`],
      ['GET', `/${id}/log`],
      ['POST', `/${id}/cancel`],
      ['POST', `/${id}/retry`],
    ] as const
    for (const [method, url] of routes) {
      expect((await viewer.call(method, `/shop/operations${url}`)).status).toBe(403)
      expect((await stranger.call(method, `/shop/operations${url}`)).status).toBe(404)
      expect((await instance.nobody.call(method, `/shop/operations${url}`)).status).toBe(401)
    }
    for (const [method, url] of routes.slice(1)) {
      // Of another app, of the instance, and of nothing.
      expect((await stranger.call(method, `/other/operations${url}`)).status).toBe(404)
      expect((await instance.admin.call(method, `/operations${url}`)).status).toBe(404)
      expect((await builder.call(method, `/shop/operations${url.replace(id, 'nothing')}`)).status).toBe(404)
    }
  })

  it('forgets what was done with an earlier app of the same name, and ends what is being done', async () => {
    await instance.anApp({ id: 'brief', domains: { sales: 'n\n1\n' } })
    const { body } = await instance.admin.publish('brief')
    await instance.admin.call('DELETE', '/small-apps/brief')
    await instance.anApp({ id: 'brief', published: false })
    expect((await instance.admin.call('GET', '/brief/operations')).body).toEqual([])
    expect((await instance.admin.call('GET', `/brief/operations/${body.operation_id}`)).status).toBe(404)
  })

  it('ends what is being done with an app that goes away, and forgets what is scheduled', async () => {
    const { admin } = instance
    await instance.anApp({ id: 'leaving', published: false })
    const connection = await anAppBuilder(instance, 'leaving').connection('http', { baseroute: api.base })
    const slow = { kind: 'stored', connection, query: { url: 'slow' } }
    await admin.call('PUT', '/leaving/data/domains/slow', { body: slow })
    const asked = new Promise<void>((resolve) => {
      // It never answers.
      api.handler = () => resolve()
    })
    const { body: running } = await admin.call('POST', '/leaving/data/preprocess')
    await asked
    const url = `${await instance.listen()}/leaving/operations/${running.operation_id}/events`
    const following = await fetch(url, { headers: admin.authorization, signal: AbortSignal.timeout(soon.timeout) })
    expect(following.status).toBe(200)
    const schedule = { name: 'Nightly', cron: '0 3 * * *', actions: [{ kind: 'refresh' }] }
    expect((await admin.call('POST', '/leaving/schedules', { body: schedule })).status).toBe(201)
    expect((await admin.call('DELETE', '/small-apps/leaving')).status).toBe(200)
    expect(await following.text()).toContain('"type":"operation.cancelled"')
    await instance.anApp({ id: 'leaving', published: false })
    expect((await admin.call('GET', '/leaving/schedules')).body).toEqual([])
  })
})

describe('/operations', () => {
  it('shows administrators what the instance does', async () => {
    const { status, body } = await instance.admin.call('GET', '/operations?job=sweep')
    expect(status).toBe(200)
    expect(body[0]).toMatchObject({ job: 'sweep', app: null, stage: null, by: null })
    const id = body[0].id
    expect((await instance.admin.call('GET', `/operations/${id}`)).body.id).toBe(id)
    expect((await instance.admin.call('GET', `/operations/${id}/log`)).status).toBe(200)
    expect((await instance.admin.call('POST', `/operations/${id}/cancel`)).status).toBe(409)
    expect((await instance.admin.call('POST', `/operations/${id}/retry`)).status).toBe(409)
    for (const url of ['/operations', `/operations/${id}`, `/operations/${id}/log`]) {
      expect((await builder.call('GET', url)).status).toBe(403)
      expect((await instance.nobody.call('GET', url)).status).toBe(401)
    }
    for (const url of [`/operations/${id}/cancel`, `/operations/${id}/retry`]) {
      expect((await builder.call('POST', url)).status).toBe(403)
    }
    const ofApp = await builder.publish('shop')
    expect((await instance.admin.call('GET', `/operations/${ofApp.body.operation_id}`)).status).toBe(404)
  })
})

it('is described with the rest of the API', async () => {
  const { body } = await instance.nobody.call('GET', '/openapi.json')
  const state = body.paths['/{app}/operations'].get.parameters.find(({ name }: { name: string }) => name === 'state')
  expect(state.schema.type).toBe('string')
  const answers = ['/{app}/data/preprocess', '/{app}/data/release', '/{app}/config/operations', '/{app}/data/sources']
  for (const path of answers) {
    expect(JSON.stringify(body.paths[path].post.responses['2XX'] ?? body.paths[path].post.responses)).toContain(
      'operation_id',
    )
  }
})

describe('POST /<app>/config/operations', () => {
  const start = (body: unknown, headers: Record<string, string> = { prefer: 'wait=30' }, query = '') =>
    builder.call('POST', `/shop/config/operations${query}`, { body, headers })

  it('runs what the names stand for, one after the other', async () => {
    api.answerWith([{ n: 1 }, { n: 2 }])
    const operations = ['preprocess_data_sources', 'populate_reports', 'release_design', 'release_data']
    const { status, body, headers } = await start({ operations, origin: 'autofeed' }, undefined, '?notify=true')
    expect(status).toBe(200)
    expect(body.operations.map(({ job }: { job: string }) => job)).toEqual(['refresh', 'announce', 'publish'])
    expect(headers.location).toBe(`/shop/operations/${body.operation_id}`)
    expect(body.operation_id).toBe(body.operations.at(-1).operation_id)
    const ended = await Promise.all(
      body.operations.map(({ operation_id: id }: { operation_id: string }) => operation(id)),
    )
    expect(ended.map(({ state }) => state)).toEqual(['done', 'done', 'done'])
    expect(ended[0].labels).toEqual({ notify: 'true', origin: 'autofeed' })
    expect(ended[1].lines[0]).toContain('populate_reports')
    const { body: domains } = await builder.call('GET', '/shop/data/domains')
    expect(domains).toContainEqual(expect.objectContaining({ domain: 'slow', count: 2 }))
  })

  it('keep in the audit log from where somebody published', async () => {
    const { body } = await start({ operations: ['release_design'] })
    const { body: entries } = await instance.admin.call('GET', '/audit?limit=20')
    expect(entries).toContainEqual(
      expect.objectContaining({
        ...{ action: 'release.publish', address: '127.0.0.1' },
        details: expect.objectContaining({ operation: body.operation_id }),
      }),
    )
  })

  it('gives up what comes after one that failed', async () => {
    api.answerWith('no', 404)
    const { body } = await start({ operations: ['preprocess_data_sources', 'release_data'] }, {})
    const [first, last] = body.operations.map(({ operation_id: id }: { operation_id: string }) => id)
    await expect.poll(() => stateOf(last), soon).toBe('cancelled')
    expect(await stateOf(first)).toBe('failed')
  })

  it('takes all the names that the clients of the original know, and no other', async () => {
    for (const name of ['populate_basemaps', 'populate_dashboards', 'populate_permissions', 'push_changes']) {
      const { status, body } = await start({ operations: [name] })
      expect(status).toBe(200)
      expect(body.operation.lines).toEqual([expect.stringContaining(name)])
    }
    expect((await start({ operations: ['release_permissions'] })).status).toBe(200)
    for (const body of [{}, { operations: [] }, { operations: ['drop_everything'] }, { operations: 'release_data' }]) {
      expect((await start(body)).status).toBe(400)
    }
    expect(
      (await viewer.call('POST', '/shop/config/operations', { body: { operations: ['release_data'] } })).status,
    ).toBe(403)
    expect((await stranger.call('POST', '/shop/config/operations', { body: {} })).status).toBe(404)
    expect((await instance.nobody.call('POST', '/shop/config/operations', { body: {} })).status).toBe(401)
  })
})
