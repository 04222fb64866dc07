import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '../builders/instance.ts'
import { aShop, ask, custom, expectNothingLearned, inCountries, rowsOf, type Shop, sum } from './shop.ts'

let now = Date.now()
let shop: Shop
beforeAll(async () => {
  const settings = {
    LAPUTA_QUERY__CACHE__TTL: '60 s',
    LAPUTA_QUERY__CACHE__STALE_WHILE_REVALIDATE: '30 s',
    LAPUTA_QUERY__CACHE__FRESH_READS: '3',
    LAPUTA_QUERY__CACHE__MEMORY: '1 MiB',
  }
  shop = await aShop(settings, { now: () => now })
})
afterAll(() => shop.close())

let made = 0
/** A query of sales that nobody has asked before. */
const aQuery = (domain = 'sales') => ({
  domain,
  pipeline: [{ name: 'text', new_column: 'n', text: `${++made}` }] as unknown[],
})
const state = async (caller: Caller, query: unknown, headers: Record<string, string> = {}) => {
  const answer = await ask(caller, query, headers)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return [answer.headers['x-cache'], answer.body.data.length]
}
const viewer = (attributes: Record<string, unknown>, groups: string[] = []) =>
  shop.instance.aUser({ privileges: { shop: ['view'] }, attributes, groups })

describe('the cache', () => {
  it('superset PR#18924, lightdash#18147: readers with different filters never get each other’s rows', async () => {
    const query = aQuery()
    const people: [Caller, number][] = [
      [shop.boss, 4],
      [shop.french, 2],
      [shop.italian, 1],
      [shop.bare, 0],
      [shop.builder, 0],
    ]
    for (const [caller, rows] of people) {
      const answer = await ask(caller, query)
      expect([answer.status, answer.body.data.length]).toEqual([200, rows])
      if (caller === shop.french) expectNothingLearned(answer)
    }
    for (const [caller, rows] of people.toReversed()) expect(await state(caller, query)).toEqual(['hit', rows])
    const tag = String((await ask(shop.boss, query)).headers.etag)
    const stolen = await ask(shop.french, query, { 'if-none-match': tag })
    expect([stolen.status, stolen.body.data.length]).toEqual([200, 2])
  })

  it('toucan-connectors PR#566, PR#476: the key is made of what the attributes say, not of the template', async () => {
    const query = aQuery()
    expect(await state(shop.french, query)).toEqual(['miss', 2])
    expect(await state(await viewer({ countries: '{{ user.attributes.countries }}' }), query)).toEqual(['miss', 0])
    expect(await state(await viewer({ countries: ['FR', 'IT'] }), query)).toEqual(['miss', 3])
    expect(await state(await viewer({ countries: ['IT', 'FR'] }), query)).toEqual(['hit', 3])
    expect(await state(await viewer({ countries: ['FR,IT'] }), query)).toEqual(['miss', 0])
    expect(await state(await viewer({ countries: ['FR'] }), query)).toEqual(['hit', 2])
    const filter = { name: 'filter', condition: { column: 'country', operator: 'eq', value: '{{ c }}' } }
    const rows = async (c: string) =>
      rowsOf(shop.boss, { domain: 'sales', pipeline: [filter], parameters: { c } }).then((found) => found.length)
    expect([await rows('FR'), await rows('IT'), await rows('FR')]).toEqual([2, 1, 2])
  })

  it('directus, hasura (the user in the key): attributes that no rule reads do not divide the cache', async () => {
    const query = aQuery()
    expect(await state(shop.french, query)).toEqual(['miss', 2])
    expect(await state(await viewer({ countries: ['FR'], theme: 'dark' }, ['readers']), query)).toEqual(['hit', 2])
  })

  it('redash (text and source in the key): the same query after a change of rules is another one', async () => {
    const query = aQuery('countries')
    expect(await state(shop.french, query)).toEqual(['miss', 3])
    await shop.rule('countries', custom({ ...inCountries, column: 'code' }))
    expect(await state(shop.french, query)).toEqual(['miss', 1])
    await shop.rule('countries', [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }])
    expect((await state(shop.french, query))[1]).toBe(3)
    const hidden = [{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns: { hide: ['capital'], mask: {} } }]
    await shop.rule('countries', hidden)
    expect((await rowsOf(shop.french, query))[0]).not.toHaveProperty('capital')
    await shop.rule('countries', [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }])
  })

  it('metabase PR#75949, PR#78571, #78339: nothing is older than the time to live and its window, and each answer tells its age', async () => {
    const query = aQuery()
    const seen: unknown[] = []
    for (const seconds of [0, 30, 29, 40]) {
      now += seconds * 1000
      const { headers } = await ask(shop.french, query)
      seen.push([headers['x-cache'], headers.age, typeof headers['x-data-version']])
    }
    expect(seen).toEqual([
      ['miss', '0', 'string'],
      ['hit', '30', 'string'],
      ['hit', '59', 'string'],
      ['miss', '0', 'string'],
    ])
    now += 91_000
    const readers = await Promise.all(Array.from({ length: 20 }, () => ask(shop.french, query)))
    for (const { headers } of readers) expect(Number(headers.age)).toBeLessThanOrEqual(1)
  })

  it('cube#132, #112, #7441, PR#10489: a fresh read can be forced, ends, and is limited', async () => {
    const query = aQuery()
    const force = () => state(shop.italian, query, { 'cache-control': 'no-cache' })
    expect(await state(shop.italian, query)).toEqual(['miss', 1])
    now += 5000
    expect([await force(), await force(), await force(), await force()]).toEqual([
      ['bypass', 1],
      ['bypass', 1],
      ['bypass', 1],
      ['hit', 1],
    ])
    now += 61_000
    const together = await Promise.all(Array.from({ length: 3 }, force))
    expect(together.every(([, rows]) => rows === 1)).toBe(true)
  })

  it('superset#15497, superset#10150 (spelling stands in for warm-up): one question has one key, however it is written', async () => {
    const [step] = aQuery().pipeline
    expect(await state(shop.boss, { domain: 'sales', pipeline: [step], parameters: { a: 1, b: 2 } })).toEqual([
      'miss',
      4,
    ])
    const spellings: unknown[] = [
      { pipeline: [{ name: 'domain', domain: 'sales' }, step] },
      { parameters: { b: 2, a: 1 }, pipeline: [step], domain: 'sales' },
      { domain: 'sales', pipeline: [Object.fromEntries(Object.entries(step as object).toReversed())] },
      `{ "domain" : "sales" ,\n "pipeline": [ ${JSON.stringify(step)} ] }`,
    ]
    for (const spelling of spellings) expect(await state(shop.boss, spelling)).toEqual(['hit', 4])
  })

  it('metabase#43720, metabase#15977, cube PR#11123: what is computed beforehand keeps the rules of each reader', async () => {
    await shop.domain('totals', {
      kind: 'derived',
      pipeline: [{ name: 'domain', domain: 'sales' }, sum('amount', ['country'])],
    })
    const read = (caller: Caller) => rowsOf(caller, { domain: 'totals', pipeline: [] })
    expect(await read(shop.boss)).toHaveLength(3)
    expect(await read(shop.french)).toEqual([{ country: 'FR', total: 3 }])
    expect(await read(shop.bare)).toEqual([])
    await shop.rule('totals', custom(inCountries))
    expect(await read(shop.french)).toEqual([{ country: 'FR', total: 3 }])
    expect(await read(shop.boss)).toEqual([])
  })

  it('directus#25513: answers that nobody asks for again make room, and none is wrong', async () => {
    const first = aQuery()
    expect(await state(shop.boss, first)).toEqual(['miss', 4])
    for (let times = 0; times < 40; times++) {
      const long = { name: 'text', new_column: 't', text: `${++made}`.padEnd(15_000, 'x') }
      expect((await ask(shop.boss, { domain: 'sales', pipeline: [long] })).status).toBe(200)
    }
    expect(await state(shop.boss, first)).toEqual(['miss', 4])
    expect(await state(shop.boss, first)).toEqual(['hit', 4])
  })

  it('directus#8045: new rows of one domain leave the answers of the others', async () => {
    const [kept, renewed] = [aQuery(), aQuery('countries')]
    expect([await state(shop.boss, kept), await state(shop.boss, renewed)]).toEqual([
      ['miss', 4],
      ['miss', 3],
    ])
    expect((await shop.admin.upload('shop', 'countries', 'code,capital\nFR,Paris\n')).status).toBe(201)
    await shop.rule('countries', [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }])
    expect([await state(shop.boss, kept), await state(shop.boss, renewed)]).toEqual([
      ['hit', 4],
      ['miss', 1],
    ])
  })
})
