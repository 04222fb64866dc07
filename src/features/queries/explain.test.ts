import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { anAppBuilder } from '../../../test/builders/live-app.ts'

const sales = 'country,product,amount\nFR,tea,1\nFR,jam,2\nIT,tea,3\nJP,tea,4\n'
const own = { column: 'country', operator: 'eq', value: '{{ user.attributes.country }}' }
const records = [
  { id: 'north', scope: 'USER_GROUP', group: 'north', effect: 'CUSTOM', condition: own },
  {
    ...{ id: 'south', scope: 'USER_GROUP', group: 'south', effect: 'CUSTOM' },
    condition: { column: 'country', operator: 'eq', value: 'SECRET-OF-THE-SOUTH' },
  },
  { id: 'rest', scope: 'DEFAULT', effect: 'SEE_NOTHING', columns: { hide: ['product'], mask: { amount: 0 } } },
]

let now = Date.now()
let api: HttpSource
let instance: Instance
let builder: Caller
let viewer: Caller
let outsider: Caller

beforeAll(async () => {
  api = await anHttpSource()
  instance = await anInstance(
    { LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1', LAPUTA_QUERY__CACHE__TTL: '60 s' },
    { now: () => now },
  )
  await instance.anApp({ id: 'shop', domains: { sales, unset: 'n\n1\n' } })
  const shop = anAppBuilder(instance, 'shop')
  const connection = await shop.connection('http', { baseroute: api.base })
  await shop.live('orders', { connection, query: { url: 'orders' } })
  await shop.permissions('orders', [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition: own }])
  await shop.permissions('sales', records)
  await instance.admin.call('DELETE', '/shop/permissions/unset')
  await instance.admin.call('PUT', '/shop/query/mine', {
    body: { name: 'Mine', pipeline: [{ name: 'domain', domain: 'sales' }] },
  })
  await shop.publish()
  const french = { groups: ['north'], attributes: { country: 'FR' } }
  builder = await instance.aUser({ username: 'bea', privileges: { shop: ['contribute'] }, ...french })
  viewer = await instance.aUser({ username: 'vic', privileges: { shop: ['view'] }, ...french })
  outsider = await instance.aUser({ privileges: { shop: ['contribute'] } })
})
beforeEach(() => {
  now += 3_600_000
  api.answerWith([{ country: 'FR' }, { country: 'IT' }, { country: 'JP' }])
})
afterAll(async () => {
  await instance.close()
  await api.close()
})

const all = { domain: 'sales', pipeline: [] }
const ask = (caller: Caller, body: unknown, query = '?explain=true') =>
  caller.call('POST', `/shop/data${query}`, { body })

describe('?explain=true', () => {
  it('tells a builder which records were considered, which applied and why, and where', async () => {
    const { status, body, headers } = await ask(builder, all)
    expect(status).toBe(200)
    expect(body.data).toHaveLength(2)
    expect(body.explain).toEqual({
      restricted: true,
      domains: [
        {
          domain: 'sales',
          rules: [
            {
              username: 'bea',
              because: 'records',
              records: [
                {
                  ...{
                    id: 'north',
                    scope: 'USER_GROUP',
                    group: 'north',
                    effect: 'CUSTOM',
                    applied: true,
                    why: 'member',
                  },
                  ...{ condition: { ...own, value: 'FR' }, columns: null },
                },
                {
                  ...{ id: 'south', scope: 'USER_GROUP', group: 'south', effect: 'CUSTOM', applied: false },
                  ...{ why: 'other_group', condition: null, columns: null },
                },
                {
                  ...{ id: 'rest', scope: 'DEFAULT', group: null, effect: 'SEE_NOTHING', applied: false },
                  ...{ why: 'fallback_unused', condition: null },
                  columns: { hide: ['product'], mask: { amount: 0 } },
                },
              ],
              condition: { ...own, value: 'FR' },
              columns: null,
            },
          ],
          condition: { ...own, value: 'FR' },
          columns: null,
          enforced: { where: 'pushed', engine: expect.any(String) },
          rows_dropped: null,
        },
      ],
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
      data_version: body.data_version,
      cache: { state: headers['x-cache'], key: expect.stringMatching(/^[0-9a-f]{16}$/), age_ms: 0, ttl_ms: 60_000 },
      timings_ms: expect.objectContaining({ plan: expect.any(Number), data: expect.any(Number) }),
    })
  })

  it('appends to the answer, which is otherwise what it was; with a tag of no use, and kept by nobody', async () => {
    const plain = await ask(builder, all, '')
    const told = await ask(builder, all)
    const { explain, ...rest } = told.body
    expect(rest).toEqual(plain.body)
    expect([plain.headers.etag, told.headers.etag]).toEqual([expect.any(String), undefined])
    expect(told.headers['cache-control']).toBe('no-store')
    expect([explain.cache.state, told.headers['x-cache']]).toEqual(['hit', 'hit'])
    const again = await ask(builder, all, '')
    expect([again.headers['x-cache'], again.bytes]).toEqual(['hit', plain.bytes])
    const unasked = await ask(builder, all, '?explain=false')
    expect(unasked.bytes).toEqual(plain.bytes)
  })

  it('tells equal rights by the same key and fingerprint, unequal ones by others', async () => {
    const [one, two, other] = [await ask(builder, all), await ask(builder, all), await ask(outsider, all)]
    expect(two.body.explain.cache.key).toBe(one.body.explain.cache.key)
    expect(other.body.explain.cache.key).not.toBe(one.body.explain.cache.key)
    expect(other.body.explain.fingerprint).not.toBe(one.body.explain.fingerprint)
  })

  it('tells the fallback, and the columns that it keeps back', async () => {
    const { body } = await ask(outsider, { domain: 'sales', pipeline: [] })
    const [{ rules, condition, columns }] = body.explain.domains
    expect(rules[0]).toMatchObject({ because: 'fallback' })
    expect(rules[0].records.map(({ why }: { why: string }) => why)).toEqual(['other_group', 'other_group', 'fallback'])
    expect([condition, columns]).toEqual([{ always: false }, { hide: ['product'], mask: { amount: 0 } }])
  })

  it('tells of a domain without records what the instance decides, and of staging that builders are exempt', async () => {
    const unset = await ask(builder, { domain: 'unset', pipeline: [] })
    expect(unset.body.explain.domains[0]).toMatchObject({
      rules: [{ because: 'unset_deny', records: [] }],
      condition: { always: false },
    })
    const staging = await ask(builder, all, '?stage=staging&explain=true')
    expect(staging.body.data).toHaveLength(4)
    const [{ rules, condition }] = staging.body.explain.domains
    expect([rules[0].because, condition, staging.body.explain.restricted]).toEqual([
      'staging_builder',
      { always: true },
      false,
    ])
    expect(rules[0].records.map(({ why }: { why: string }) => why)).toEqual(['exempt', 'exempt', 'exempt'])
  })

  it('tells every domain of a query', async () => {
    const join = {
      name: 'join',
      right_pipeline: [{ name: 'domain', domain: 'orders' }],
      type: 'left',
      on: [['country', 'country']],
    }
    const { body } = await ask(builder, { domain: 'sales', pipeline: [join] })
    const told = body.explain.domains.map(({ domain, enforced }: { domain: string; enforced: unknown }) => [
      domain,
      enforced,
    ])
    expect(told).toEqual([
      ['sales', { where: 'pushed', engine: expect.any(String) }],
      ['orders', { where: 'after-fetch', engine: 'workbench' }],
    ])
  })

  it('counts what was dropped after the fetch, and does not know it of an answer from the cache', async () => {
    const query = { domain: 'orders', pipeline: [] }
    const dropped = async () => {
      const { body, headers } = await ask(builder, query)
      return [body.data.length, body.explain.domains[0].rows_dropped, headers['x-cache']]
    }
    expect(await dropped()).toEqual([1, 2, 'miss'])
    expect(await dropped()).toEqual([1, null, 'hit'])
    now += 120_000
    api.answerWith([])
    expect(await dropped()).toEqual([0, 0, 'miss'])
  })

  it('tells viewers whether rows were restricted and what the cache did, and nothing of any rule', async () => {
    for (const state of ['miss', 'hit']) {
      const { body, bytes } = await ask(viewer, all)
      expect(body.explain).toEqual({ restricted: true, cache: { state } })
      expect(String(bytes)).not.toMatch(/SECRET|south|north|always/)
    }
    const validator = await instance.aUser({ privileges: { shop: ['validate'] } })
    const { body } = await ask(validator, all, '?stage=staging&explain=true')
    expect(Object.keys(body.explain)).toEqual(['restricted', 'cache'])
  })

  it('is there on previews and saved queries too', async () => {
    const preview = await builder.call('POST', '/shop/query/preview?explain=true', { body: all })
    expect(preview.body.explain.domains[0].domain).toBe('sales')
    const saved = await builder.call('POST', '/shop/query/mine/execution?explain=true', { body: {} })
    expect(saved.body.explain.domains[0].domain).toBe('sales')
    const values = await builder.call('GET', '/shop/data/sales/values/country?explain=true')
    expect([values.body.data, values.body.explain.domains[0].domain]).toEqual([[{ country: 'FR' }], 'sales'])
    const seen = await viewer.call('POST', '/shop/query/mine/execution?explain=true', { body: {} })
    expect(Object.keys(seen.body.explain)).toEqual(['restricted', 'cache'])
  })

  it('is refused like any query, and for another word', async () => {
    expect((await ask(instance.nobody, all)).status).toBe(401)
    expect((await ask(await instance.aUser(), all)).status).toBe(404)
    expect((await ask(viewer, all, '?stage=staging&explain=true')).status).toBe(403)
    const odd = await ask(builder, all, '?explain=please')
    expect([odd.status, odd.body.code, odd.body.errors[0].path]).toEqual([400, 'invalid_request', '?explain'])
    expect((await ask(builder, { domain: 'nothing', pipeline: [] })).body.code).toBe('pipeline_invalid')
  })
})
