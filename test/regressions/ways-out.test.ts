import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aShop, ask, expectNothingLearned, expectRefused, rowsOf, type Shop, salesOf } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await aShop()
  const pipeline = [{ name: 'domain', domain: 'sales' }]
  const { status } = await shop.builder.call('PUT', '/shop/query/everything', {
    body: { name: 'everything', pipeline },
  })
  expect(status).toBe(200)
  expect((await shop.admin.publish('shop')).status).toBe(200)
})
afterAll(() => shop.close())

const values = (caller: Shop['french'], path: string) => caller.call('GET', `/shop/data/${path}`)

describe('ways out', () => {
  it('CVE-2022-23510 (cube): every route that gives rows applies the rules', async () => {
    const all = { domain: 'sales', pipeline: [] }
    const ways: Record<string, () => ReturnType<typeof ask>> = {
      pipeline: () => ask(shop.french, all),
      domainStep: () => ask(shop.french, { pipeline: [{ name: 'domain', domain: 'sales' }] }),
      reference: () => ask(shop.french, { pipeline: [{ name: 'domain', domain: { type: 'ref', uid: 'everything' } }] }),
      nativeObject: () => ask(shop.french, { domain: 'sales' }),
      nativeList: () => ask(shop.french, [{ $match: { domain: 'sales' } }]),
      sql: () => ask(shop.french, { ...all, pipeline: [{ name: 'customsql', query: 'FROM ##PREVIOUS_STEP##' }] }),
      saved: () => shop.french.call('POST', '/shop/query/everything/execution', { body: {} }),
      values: () => values(shop.french, 'sales/values/product'),
      explained: () => shop.french.call('POST', '/shop/data?explain=true', { body: all }),
    }
    for (const [way, go] of Object.entries(ways)) {
      const answer = await go()
      expectNothingLearned(answer)
      if (answer.status === 200) expect([way, answer.body.data.length]).toEqual([way, 2])
      else expect(way).toMatch(/sql|explained/)
    }
    expectRefused(await shop.french.call('POST', '/shop/query/preview', { body: all }), 403)
    for (const path of [
      '/shop/data/sources',
      '/shop/permissions',
      '/shop/permissions/sales',
      '/shop/data/domains/sales',
    ]) {
      expectRefused(await shop.french.call('GET', path), 403)
    }
    const { body } = await shop.french.call('GET', '/shop/data/domains')
    expect(body.every(({ count }: { count: unknown }) => count === null)).toBe(true)
  })

  it('metabase#23377, metabase#6022: value lists go through the gate', async () => {
    expect((await values(shop.french, 'sales/values/product')).body.data).toEqual([
      { product: 'jam' },
      { product: 'tea' },
    ])
    expect((await values(shop.italian, 'sales/values/product')).body.data).toEqual([{ product: 'italian-only' }])
    expect((await values(shop.bare, 'sales/values/product')).body.data).toEqual([])
    expect((await values(shop.boss, 'sales/values/country')).body.data).toHaveLength(3)
    expect((await values(shop.french, 'sales/values/product')).body.data).toHaveLength(2)
    expect((await values(shop.french, 'salaries/values/name')).body.data).toEqual([{ name: '***' }])
  })

  it('CVE-2025-30352 (directus): a search finds nothing in rows and columns that one does not see', async () => {
    for (const search of ['italian', 'only', '.*', '|', 'italian-only']) {
      const answer = await values(shop.french, `sales/values/product?search=${encodeURIComponent(search)}`)
      expect([answer.status, answer.body.data]).toEqual([200, []])
    }
    expect((await values(shop.french, 'salaries/values/name?search=Ann')).body.data).toEqual([])
    expectRefused(await values(shop.french, 'salaries/values/salary?search=3'), 400)
    expectRefused(await values(shop.french, 'vault/values/wort'))
    expect((await values(shop.french, 'sales/values/product?search=TE')).body.data).toEqual([{ product: 'tea' }])
    expect((await values(shop.italian, 'sales/values/product?search=italian')).body.data).toHaveLength(1)
  })

  it('directus GHSA-pmf4 (a saved query stands in for a share): it runs with the rights of who asks, not of who made it', async () => {
    const execute = async (caller: Shop['french']) =>
      (await caller.call('POST', '/shop/query/everything/execution', { body: {} })).body.data
    expect(await execute(shop.french)).toHaveLength(2)
    expect(await execute(shop.bare)).toEqual([])
    expect(await execute(shop.boss)).toHaveLength(4)
    expectRefused(await shop.instance.nobody.call('POST', '/shop/query/everything/execution', { body: {} }), 401)
  })

  it('metabase (public links are not filtered): nothing answers with rows to nobody', async () => {
    const { nobody } = shop.instance
    const { body } = await shop.admin.call('GET', '/openapi.json')
    const open: string[] = []
    for (const [path, methods] of Object.entries<Record<string, unknown>>(body.paths)) {
      for (const method of Object.keys(methods)) {
        const url = path
          .replace('{app}', 'shop')
          .replace('{domain}', 'sales')
          .replace(/\{\w+\}/g, 'everything')
        const verb = method.toUpperCase() as 'GET'
        const answer = await nobody.call(verb, url, verb === 'GET' ? {} : { body: {} })
        expectNothingLearned(answer)
        if (answer.status !== 401) open.push(`${verb} ${path}`)
      }
    }
    expect(Object.keys(body.paths).length).toBeGreaterThan(20)
    expect(open.filter((route) => !/ \/(login|logout|health|openapi|docs)/.test(route))).toEqual([])
  })

  it('malloy publisher (a header that skips the gates): no header makes anybody somebody else', async () => {
    const disguises: Record<string, string>[] = [
      { 'x-laputa-user': 'root' },
      { 'x-user': 'root', 'x-role': 'SUPER_ADMIN' },
      { 'x-forwarded-user': 'root', 'remote-user': 'root' },
      { 'x-view-as': 'boss' },
      { 'x-bypass-filters': 'true', 'x-skip-permissions': '1' },
      { 'x-original-url': '/shop/data?stage=staging', 'x-rewrite-url': '/shop/data?stage=staging' },
      { 'x-http-method-override': 'PUT' },
      { 'x-internal': '1', forwarded: 'for=127.0.0.1', 'x-forwarded-for': '127.0.0.1' },
    ]
    for (const headers of disguises) {
      expect((await ask(shop.french, { domain: 'sales', pipeline: [] }, headers)).body.data).toHaveLength(2)
      expectRefused(await ask(shop.instance.nobody, { domain: 'sales', pipeline: [] }, headers), 401)
    }
    for (const query of ['?user=boss', '?as=boss', '?username=root', '?role=ADMIN', '?skip_permissions=true']) {
      const answer = await shop.french.call('POST', `/shop/data${query}`, { body: { domain: 'sales', pipeline: [] } })
      expectNothingLearned(answer)
    }
  })

  it('superset#26201, superset#33698 (privileges stand in for grants of a token): access to one app opens no other', async () => {
    await shop.instance.anApp({ id: 'rival', domains: { secrets: 'word\nvault-word\n' } })
    const rivalQuery = { name: 'q', pipeline: [{ name: 'domain', domain: 'secrets' }] }
    await shop.admin.call('PUT', '/rival/query/mine', { body: rivalQuery })
    await shop.admin.publish('rival')
    for (const pipeline of [
      [{ name: 'domain', domain: 'secrets' }],
      [{ name: 'domain', domain: { type: 'ref', uid: 'mine' } }],
      [
        { name: 'domain', domain: 'sales' },
        { name: 'append', pipelines: ['secrets'] },
      ],
    ]) {
      expectRefused(await ask(shop.french, { pipeline }), 400)
    }
    const reach = [
      ['POST', '/rival/data'],
      ['POST', '/rival/query/mine/execution'],
    ] as const
    for (const [method, url] of reach) {
      expectRefused(await shop.french.call(method, url, { body: { domain: 'secrets', pipeline: [] } }), 404, 400)
    }
    expectRefused(await shop.french.call('GET', '/rival/data/secrets/values/word'), 404)
    const theirs = await shop.instance.aUser({ privileges: { rival: ['view'] } })
    const { body } = await theirs.call('GET', '/rival/data/secrets/values/word')
    expect(body.data).toEqual([{ word: 'vault-word' }])
  })

  it('cube (the size of what is not seen): totals and pages are those of the rows that one sees', async () => {
    const { body } = await ask(shop.french, { domain: 'sales', pipeline: [], limit: 1 })
    expect(body.pagination_info.pagination_info.total_rows).toBe(2)
    const beyond = await ask(shop.french, { domain: 'sales', pipeline: [], offset: 2, limit: 10 })
    expect(beyond.body.data).toEqual([])
    expect(await salesOf(shop.french, { name: 'top', rank_on: 'amount', sort: 'desc', limit: 1 })).toMatchObject([
      { amount: 2 },
    ])
    expect(await rowsOf(shop.boss, { domain: 'sales', pipeline: [], limit: 3 })).toHaveLength(3)
  })
})
