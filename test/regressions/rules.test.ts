import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance } from '../builders/instance.ts'
import { aShop, ask, custom, expectNothingLearned, expectRefused, rowsOf, type Shop, salesOf, sum } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await aShop()
})
afterAll(() => shop.close())

const viewer = (attributes: Record<string, unknown>, groups: string[] = []) =>
  shop.instance.aUser({ privileges: { shop: ['view'] }, attributes, groups })
const bosses = { scope: 'USER_GROUP', group: 'bosses', effect: 'SEE_ALL' }
const own = { column: 'country', operator: 'in', value: '{{ user.attributes.countries }}' }

describe('values of a rule', () => {
  it('directus GHSA-hxgm: in [] is false, and so is nin []', async () => {
    await shop.instance.anApp({ id: 'lists', domains: { t: 'country,n\nFR,1\nIT,2\n' } })
    const put = async (operator: string) => {
      const body = custom({ ...own, operator })
      expect((await shop.admin.call('PUT', '/lists/permissions/t', { body })).status).toBe(200)
      await shop.admin.publish('lists')
    }
    const counts = async (countries: unknown) => {
      const user = await shop.instance.aUser({ privileges: { lists: ['view'] }, attributes: { countries } })
      return (await user.call('POST', '/lists/data', { body: { domain: 't', pipeline: [] } })).body.data.length
    }
    await put('in')
    expect([await counts([]), await counts([[]]), await counts(['FR'])]).toEqual([0, 0, 1])
    await put('nin')
    expect([await counts([]), await counts(['FR'])]).toEqual([0, 1])
    const literal = custom({ ...own, value: [] })
    const { status } = await shop.admin.call('PUT', '/lists/permissions/t', { body: literal })
    expect([200, 400]).toContain(status)
    if (status === 200) {
      await shop.admin.publish('lists')
      expect(await counts(['FR'])).toBe(0)
    }
  })

  it('metabase PR#72657: an empty list of a reader’s filter is no filter switched off', async () => {
    const filter = { name: 'filter', condition: { column: 'country', operator: 'in', value: '{{ chosen }}' } }
    const query = (chosen: unknown) => ({ domain: 'sales', pipeline: [filter], parameters: { chosen } })
    expect(await rowsOf(shop.boss, query([]))).toEqual([])
    expect(await rowsOf(shop.boss, query(['FR']))).toHaveLength(2)
    for (const chosen of [[], null, ['IT', 'JP'], '__VOID__']) {
      expectNothingLearned(await ask(shop.french, query(chosen)))
    }
  })

  it('omni (null attributes): a missing, null or empty attribute sees nothing, whatever the operator', async () => {
    const lacking = await Promise.all(
      [{}, { country: null }, { country: '' }, { country: [] }].map((one) => viewer(one)),
    )
    for (const operator of ['eq', 'ne', 'lt', 'ge', 'in', 'nin', 'matches', 'notmatches']) {
      await shop.rule('countries', custom({ column: 'code', operator, value: '{{ user.attributes.country }}' }))
      for (const user of lacking) {
        expect([operator, await rowsOf(user, { domain: 'countries', pipeline: [] })]).toEqual([operator, []])
      }
    }
    await shop.rule('countries', custom({ column: 'code', operator: 'ne', value: '{{ user.attributes.country }}' }))
    const french = await viewer({ country: 'FR' })
    expect(await rowsOf(french, { domain: 'countries', pipeline: [] })).toHaveLength(2)
    await shop.rule('countries', [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }])
  })

  it('superset#33921, superset#33919, lightdash#3895: attributes keep their types, lists are lists', async () => {
    await shop.instance.anApp({ id: 'typed', domains: { t: 'n\n1\n2\n3\n' } })
    const body = custom({ column: 'n', operator: 'in', value: '{{ user.attributes.ns }}' })
    await shop.admin.call('PUT', '/typed/permissions/t', { body })
    await shop.admin.publish('typed')
    const counts = async (ns: unknown) => {
      const user = await shop.instance.aUser({ privileges: { typed: ['view'] }, attributes: { ns } })
      const answer = await user.call('POST', '/typed/data', { body: { domain: 't', pipeline: [] } })
      return answer.status === 200 ? answer.body.data.length : answer.status
    }
    expect([await counts([1, 2]), await counts([3])]).toEqual([2, 1])
    for (const ns of [['1', '2'], '1,2', '[1,2]', 'true', [true]]) expect([ns, await counts(ns)]).toEqual([ns, 0])
  })
})

describe('which rules hold where', () => {
  it('metabase#27268: two groups with the same rule, and one in them twice, see what the rule shows', async () => {
    const [same] = custom(own)
    const groups = ['north', 'south'].map((group) => ({ ...same, scope: 'USER_GROUP', group }))
    await shop.rule('sales', [...groups, bosses])
    const both = await viewer({ countries: ['FR', 'FR'] }, ['north', 'south'])
    const one = await viewer({ countries: ['FR'] }, ['north'])
    expect(await salesOf(both)).toEqual(await salesOf(one))
    expect(await salesOf(both)).toHaveLength(2)
    expect(await salesOf(shop.french)).toEqual([])
    await shop.rule('sales', [...custom(own), bosses])
    expect(await salesOf(shop.french)).toHaveLength(2)
  })

  it('metabase#59677: a query that no filter of a page is wired to has the rule all the same', async () => {
    expect(await salesOf(shop.french, sum('amount'))).toEqual([{ total: 3 }])
    expect(await rowsOf(shop.french, { pipeline: [{ name: 'domain', domain: 'sales' }, sum('amount')] })).toEqual([
      { total: 3 },
    ])
    const void_ = { name: 'filter', condition: { column: 'country', operator: 'eq', value: '{{ c }}' } }
    const query = { domain: 'sales', pipeline: [void_, sum('amount')], parameters: { c: '__VOID__' } }
    expect(await rowsOf(shop.french, query)).toEqual([{ total: 3 }])
    expect(await rowsOf(shop.boss, query)).toEqual([{ total: 47003 }])
  })

  it('superset#34203, superset#37359, superset#37551: a rule hits its own domain, wherever it is read', async () => {
    const right = [{ name: 'domain', domain: 'sales' }]
    const join = { name: 'join', right_pipeline: right, type: 'inner', on: [['country', 'country']] }
    expect(await salesOf(shop.french, join)).toHaveLength(4)
    expect(await rowsOf(shop.french, { domain: 'countries', pipeline: [] })).toHaveLength(3)
    const nested = [
      { name: 'domain', domain: 'countries' },
      { name: 'append', pipelines: [right] },
    ]
    const appended = await rowsOf(shop.french, {
      domain: 'countries',
      pipeline: [{ name: 'append', pipelines: [nested] }],
    })
    expect(appended).toHaveLength(3 + 3 + 2)
    const twice = await shop.instance.aUser({ privileges: { shop: ['view'] }, attributes: { countries: ['IT'] } })
    expect((await salesOf(twice, join)).map(({ country }) => country)).toEqual(['IT'])
  })

  it('superset PR#37395: rules of a derived domain and of what it is made of each hold once', async () => {
    const byCountry = [{ name: 'domain', domain: 'sales' }, sum('amount', ['country'])]
    await shop.domain('totals', { kind: 'derived', pipeline: byCountry })
    await shop.domain('all', { kind: 'derived', pipeline: [{ name: 'domain', domain: 'totals' }, sum('total')] })
    const seen = (domain: string, caller = shop.french) => rowsOf(caller, { domain, pipeline: [] })
    expect(await seen('totals')).toEqual([{ country: 'FR', total: 3 }])
    expect(await seen('all')).toEqual([{ total: 3 }])
    expect(await seen('all', shop.boss)).toEqual([{ total: 47003 }])
  })

  it('cube (rules of a view replace those of its cube): both hold', async () => {
    await shop.domain('view', { kind: 'derived', pipeline: [{ name: 'domain', domain: 'sales' }] })
    await shop.rule('view', custom({ column: 'product', operator: 'eq', value: 'tea' }))
    expect(await rowsOf(shop.french, { domain: 'view', pipeline: [] })).toEqual([
      { country: 'FR', product: 'tea', amount: 1 },
    ])
    await shop.rule('view', [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }])
    expect(await rowsOf(shop.french, { domain: 'view', pipeline: [] })).toHaveLength(2)
    await shop.rule('view', [{ scope: 'ALL_USERS', effect: 'SEE_NOTHING' }])
    expect(await rowsOf(shop.boss, { domain: 'view', pipeline: [] })).toEqual([])
  })

  it('cube PR#10257: null compares in one way, in rules as in filters', async () => {
    await shop.instance.anApp({ id: 'nulls', domains: { t: 'id,c\n1,FR\n2,\n3,IT\n' } })
    const user = await shop.instance.aUser({ privileges: { nulls: ['view'] } })
    const ids = async (pipeline: unknown[]) => {
      const { body } = await user.call('POST', '/nulls/data', { body: { domain: 't', pipeline } })
      return body.data.map(({ id }: { id: number }) => id)
    }
    const cases: [string, unknown, number[]][] = [
      ['eq', 'FR', [1]],
      ['ne', 'FR', [2, 3]],
      ['nin', ['FR'], [2, 3]],
      ['notmatches', 'F', [2, 3]],
      ['ge', 'A', [1, 3]],
      ['matches', '', [1, 3]],
      ['isnull', undefined, [2]],
    ]
    for (const [operator, value, expected] of cases) {
      const condition = { column: 'c', operator, ...(value !== undefined && { value }) }
      await shop.admin.call('PUT', '/nulls/permissions/t', { body: [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }] })
      await shop.admin.publish('nulls')
      const filtered = await ids([{ name: 'filter', condition }])
      await shop.admin.call('PUT', '/nulls/permissions/t', { body: custom(condition) })
      await shop.admin.publish('nulls')
      expect([operator, filtered, await ids([])]).toEqual([operator, expected, expected])
    }
  })

  it('cube#4129, cube PR#11522: an app with the same names and the same query has its own rows', async () => {
    await shop.instance.anApp({ id: 'rival', domains: { sales: 'country,product,amount\nFR,rival-tea,5\n' } })
    const both = { attributes: { countries: ['FR'] }, privileges: { shop: ['view'], rival: ['view'] } }
    const user = await shop.instance.aUser(both)
    const body = { domain: 'sales', pipeline: [sum('amount')] }
    const total = async (app: string) => (await user.call('POST', `/${app}/data`, { body })).body.data
    for (let times = 0; times < 2; times++) {
      expect([await total('shop'), await total('rival')]).toEqual([[{ total: 3 }], [{ total: 5 }]])
    }
    expectRefused(await shop.french.call('POST', '/rival/data', { body }), 404)
    for (const domain of ['rival.sales', 'rival/sales', '../rival/sales', 'rival:sales']) {
      expectRefused(await ask(user, { domain, pipeline: [] }), 400, 404)
    }
  })

  it('cube PR#11522: another instance knows neither the app nor the people', async () => {
    const other = await anInstance()
    await other.anApp({ id: 'shop', domains: { sales: 'country\nXX\n' } })
    const stranger = await other.aUser({ username: 'french', privileges: { shop: ['view'] } })
    expect((await stranger.call('POST', '/shop/data', { body: { domain: 'sales', pipeline: [] } })).body.data).toEqual([
      { country: 'XX' },
    ])
    await other.close()
    expect(await salesOf(shop.french)).toHaveLength(2)
  })

  it('lightdash#25038 (a validator and a builder stand in for "view as"): rules can be tried before they are published', async () => {
    const validator = await shop.instance.aUser({
      privileges: { shop: ['validate'] },
      attributes: { countries: ['FR'] },
    })
    const staging = async (caller = validator) =>
      (await caller.call('POST', '/shop/data?stage=staging', { body: { domain: 'sales', pipeline: [] } })).body.data
    expect(await staging()).toHaveLength(2)
    expect(await staging(shop.builder)).toHaveLength(4)
    expect(await salesOf(shop.builder)).toEqual([])
    expectRefused(
      await shop.french.call('POST', '/shop/data?stage=staging', { body: { domain: 'sales', pipeline: [] } }),
      403,
    )
    await shop.admin.call('PUT', '/shop/permissions/sales', { body: [{ scope: 'ALL_USERS', effect: 'SEE_NOTHING' }] })
    expect([await staging(), await salesOf(shop.french)]).toMatchObject([[], [{}, {}]])
    await shop.rule('sales', [...custom(own), bosses])
  })
})
