import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../builders/http-source.ts'
import type { Caller } from '../builders/instance.ts'
import { aShop, ask, custom, expectNothingLearned, expectRefused, inCountries, rowsOf, type Shop, sum } from './shop.ts'

let source: HttpSource
let shop: Shop
const rows = [
  { country: 'FR', product: 'tea', amount: 1 },
  { country: 'IT', product: 'italian-only', amount: 7000 },
  { country: 'FR', product: 'jam', amount: 2 },
]

beforeAll(async () => {
  source = await anHttpSource()
  source.answerWith(rows)
  shop = await aShop({ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1' })
})
afterAll(async () => {
  await shop.close()
  await source.close()
})

/** A live domain with the rule of the sales. */
async function live(name: string, fields: { cache_ttl?: number; token?: string } = {}): Promise<string> {
  const { token, ...rest } = fields
  const config = { baseroute: source.base, ...(token !== undefined && { auth: 'bearer', token }) }
  const made = await shop.admin.call('POST', '/shop/connections', { body: { name, type: 'http', config } })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  await shop.domain(name, { kind: 'live', connection: made.body.id, query: { url: `/${name}` }, ...rest })
  const bosses = { scope: 'USER_GROUP', group: 'bosses', effect: 'SEE_ALL' }
  await shop.rule(name, [...custom(inCountries), bosses])
  return made.body.id
}
const read = (caller: Caller, domain: string, pipeline: unknown[] = []) => rowsOf(caller, { domain, pipeline })
const asked = (domain: string) => source.asked.filter((line) => line.endsWith(`/${domain}`)).length

describe('sources that cannot filter', () => {
  it('toucan (get_slice takes permissions and does not use them): pages and totals are those of what one sees', async () => {
    await live('slices')
    const { body } = await ask(shop.french, { domain: 'slices', pipeline: [], offset: 1, limit: 1 })
    expect([body.data, body.pagination_info.pagination_info.total_rows]).toEqual([
      [{ country: 'FR', product: 'jam', amount: 2 }],
      2,
    ])
    expect(await read(shop.boss, 'slices')).toHaveLength(3)
    expect(await read(shop.bare, 'slices')).toEqual([])
  })

  it('toucan (filters after the query): the rule comes before whatever groups, limits or drops its column', async () => {
    await live('late')
    expect(await read(shop.french, 'late', [sum('amount')])).toEqual([{ total: 3 }])
    expect(await read(shop.french, 'late', [{ name: 'top', rank_on: 'amount', sort: 'desc', limit: 1 }])).toMatchObject(
      [{ amount: 2 }],
    )
    expect(await read(shop.french, 'late', [{ name: 'select', columns: ['product'] }])).toEqual([
      { product: 'tea' },
      { product: 'jam' },
    ])
    for (const pipeline of [
      [{ name: 'customsql', query: 'SELECT * FROM ##PREVIOUS_STEP##' }],
      [{ name: 'custom', query: [{ $group: { _id: '$product' } }] }],
      [{ name: 'append', pipelines: [[{ name: 'domain', domain: 'late' }]] }],
    ]) {
      const answer = await ask(shop.french, { domain: 'late', pipeline })
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      expectNothingLearned(answer)
    }
    const appended = [{ name: 'append', pipelines: [[{ name: 'domain', domain: 'late' }]] }, sum('amount')]
    expect(await rowsOf(shop.french, { domain: 'late', pipeline: appended })).toEqual([{ total: 6 }])
  })

  it('toucan (a rule on a column that the source does not give): refused, not ignored', async () => {
    await live('changing', { cache_ttl: 0 })
    source.answerWith(rows.map(({ country: _, ...rest }) => rest))
    expectRefused(await ask(shop.french, { domain: 'changing', pipeline: [] }), 403)
    source.answerWith(rows)
    expect(await read(shop.french, 'changing')).toHaveLength(2)
  })

  it('metabase#11199, #7217, #27652, superset#19816: equal queries at the same time ask the source once', async () => {
    await live('crowded')
    source.handler = (_request, response) => {
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(rows))
      }, 200)
    }
    const before = asked('crowded')
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => ask(shop.boss, { domain: 'crowded', pipeline: [] })),
    )
    expect(answers.map(({ status, body }) => [status, body.data?.length])).toEqual(Array(30).fill([200, 3]))
    expect(asked('crowded') - before).toBe(1)
    const mixed = await Promise.all(
      [shop.french, shop.italian, shop.bare].map((one) => ask(one, { domain: 'crowded', pipeline: [] })),
    )
    expect(mixed.map(({ status, body }) => [status, body.data?.length ?? body])).toEqual([
      [200, 2],
      [200, 1],
      [200, 0],
    ])
    source.answerWith(rows)
  })

  it('metabase#11199: followers share the leader’s error, and the next one asks again', async () => {
    await live('failing')
    source.answerWith({ reason: 'out of order' }, 500)
    const before = asked('failing')
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ask(shop.french, { domain: 'failing', pipeline: [] })),
    )
    for (const answer of answers) {
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expectNothingLearned(answer)
    }
    expect(asked('failing') - before).toBeLessThanOrEqual(3)
    source.answerWith(rows)
    const renew = { 'cache-control': 'no-cache' }
    await expect
      .poll(async () => (await ask(shop.french, { domain: 'failing', pipeline: [] }, renew)).status, { timeout: 9000 })
      .toBe(200)
  })

  it('CVE-2022-23510 (cube): what a failing source says is not shown to readers', async () => {
    await live('talkative', { cache_ttl: 0 })
    source.answerWith({ rows }, 500)
    const answer = await ask(shop.french, { domain: 'talkative', pipeline: [] })
    source.answerWith(rows)
    expectNothingLearned(answer)
  })

  it('cube#7441: caching can be switched off for one domain', async () => {
    await live('uncached', { cache_ttl: 0 })
    const before = asked('uncached')
    for (const amount of [1, 5]) {
      source.answerWith([{ country: 'FR', product: 'tea', amount }])
      expect(await read(shop.french, 'uncached')).toMatchObject([{ amount }])
    }
    expect(asked('uncached') - before).toBeGreaterThanOrEqual(2)
    source.answerWith(rows)
  })

  it('redash, toucan (what a query can make of a connection): its secret and its address stay where they are', async () => {
    const id = await live('secretive', { token: 'a-token-of-ours' })
    const places = [
      await ask(shop.french, { domain: 'secretive', pipeline: [] }),
      await shop.builder.call('GET', `/shop/connections/${id}`),
      await shop.builder.call('GET', '/shop/connections'),
      await shop.builder.call('GET', '/shop/data/domains/secretive?stage=staging'),
      await shop.admin.call('GET', '/audit'),
    ]
    for (const { status, body } of places) {
      expect(status).toBe(200)
      expect(JSON.stringify(body)).not.toContain('a-token-of-ours')
    }
    expectRefused(await shop.french.call('GET', `/shop/connections/${id}`), 403)
    for (const url of [
      'http://169.254.169.254/latest',
      '//169.254.169.254/',
      `${source.other}/x`,
      '/../../x',
      '/%2e%2e/x',
    ]) {
      const definition = { kind: 'live', connection: id, query: { url }, cache_ttl: 0 }
      const { status } = await shop.admin.call('PUT', '/shop/data/domains/outside', { body: definition })
      source.asked = []
      const body = { domain: 'outside', pipeline: [] }
      if (status === 200) await shop.admin.call('POST', '/shop/data?stage=staging', { body })
      expect([url, source.asked.filter((line) => !line.startsWith('GET /api/'))]).toEqual([url, []])
    }
  })
})
