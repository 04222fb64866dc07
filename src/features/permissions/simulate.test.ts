import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

const sales = 'country,product,amount\nFR,tea,1\nFR,jam,2\nIT,tea,3\nJP,tea,4\n'
const own = { column: 'country', operator: 'in', value: '{{ user.attributes.countries }}' }

let instance: Instance
let builder: Caller
let viewer: Caller

beforeAll(async () => {
  instance = await anInstance()
  await instance.anApp({ id: 'shop', domains: { sales, named: 'owner\nann\nbob\n' }, published: false })
  await instance.anApp({ id: 'other', domains: { sales } })
  await instance.admin.call('PUT', '/shop/permissions/sales', {
    body: [
      { scope: 'ALL_USERS', effect: 'CUSTOM', condition: own },
      { scope: 'USER_GROUP', group: 'masked', effect: 'SEE_NOTHING', columns: { hide: ['amount'] } },
      { scope: 'USER_GROUP', group: 'builders', effect: 'SEE_NOTHING', columns: { mask: { product: '***' } } },
    ],
  })
  const named = { column: 'owner', operator: 'eq', value: '{{ user.username }}' }
  await instance.admin.call('PUT', '/shop/permissions/named', {
    body: [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition: named }],
  })
  expect((await instance.admin.publish('shop')).status).toBe(200)
  builder = await instance.aUser({
    ...{ username: 'bea', privileges: { shop: ['contribute'] }, groups: ['builders'] },
    attributes: { countries: ['FR', 'IT'] },
  })
  viewer = await instance.aUser({
    ...{ username: 'ann', privileges: { shop: ['view'] }, groups: ['masked'] },
    attributes: { countries: ['IT', 'JP'] },
  })
  await instance.aUser({ username: 'boss', roles: ['ADMIN'], attributes: { countries: ['JP', 'FR'] } })
  await instance.aUser({ username: 'stranger', privileges: { other: ['view'] }, attributes: { countries: ['FR'] } })
})
afterAll(() => instance.close())

const simulate = (body: object, { caller = builder, query = '' } = {}) =>
  caller.call('POST', `/shop/permissions/simulate${query}`, { body: { domain: 'sales', pipeline: [], ...body } })
const countries = (rows: readonly { country: string }[]) => rows.map(({ country }) => country)

describe('POST /<app>/permissions/simulate', () => {
  it('shows what both the builder and the user may see in production, and how it came about', async () => {
    const { status, body } = await simulate({ user: 'ANN' })
    expect(status).toBe(200)
    expect(body.data).toEqual([{ country: 'IT', product: '***' }])
    const [{ rules, columns, enforced }] = body.explain.domains
    expect(
      rules.map(({ username, condition }: { username: string; condition: unknown }) => [username, condition]),
    ).toEqual([
      ['ann', { ...own, value: ['IT', 'JP'] }],
      ['bea', { ...own, value: ['FR', 'IT'] }],
    ])
    expect(columns).toEqual({ hide: ['amount'], mask: { product: '***' } })
    expect(enforced).toEqual({ where: 'pushed', engine: expect.any(String) })
  })

  it('shows all that the user may see in staging, where builders see everything', async () => {
    const { body } = await simulate({ user: 'ann' }, { query: '?stage=staging' })
    expect(body.data).toEqual([
      { country: 'IT', product: 'tea' },
      { country: 'JP', product: 'tea' },
    ])
    expect(body.explain.domains[0].rules.map(({ because }: { because: string }) => because)).toEqual([
      'records',
      'staging_builder',
    ])
  })

  it('gives nobody the exemption of builders and administrators', async () => {
    for (const user of ['boss', 'bea']) {
      const { body } = await simulate({ user }, { query: '?stage=staging' })
      expect(countries(body.data)).toEqual(user === 'boss' ? ['FR', 'FR', 'JP'] : ['FR', 'FR', 'IT'])
    }
    const { body } = await simulate({ user: 'boss' })
    expect(countries(body.data)).toEqual(['FR', 'FR'])
  })

  it('takes groups and attributes in place of a user, who then has no name', async () => {
    const { body } = await simulate(
      { groups: [], attributes: { countries: ['FR', 'JP'] } },
      { query: '?stage=staging' },
    )
    expect(countries(body.data)).toEqual(['FR', 'FR', 'JP'])
    const masked = await simulate(
      { groups: ['masked'], attributes: { countries: ['FR'] } },
      { query: '?stage=staging' },
    )
    expect(masked.body.data).toEqual([
      { country: 'FR', product: 'tea' },
      { country: 'FR', product: 'jam' },
    ])
    const none = await simulate({ groups: ['masked'] }, { query: '?stage=staging' })
    expect(none.body.data).toEqual([])
    const named = await simulate({ domain: 'named', attributes: {} }, { query: '?stage=staging' })
    expect(named.body.data).toEqual([])
    const ann = await simulate({ domain: 'named', user: 'ann' }, { query: '?stage=staging' })
    expect(ann.body.data).toEqual([{ owner: 'ann' }])
  })

  it('fills templates with the values of the one looked as, and a parameter cannot stand in for them', async () => {
    const pipeline = [
      { name: 'text', new_column: 'who', text: '{{ user.username }}' },
      { name: 'filter', condition: { column: 'country', operator: 'in', value: '{{ user.attributes.countries }}' } },
    ]
    const { body } = await simulate({ user: 'ann', pipeline, parameters: { user: { username: 'boss' } } })
    expect(body.data).toEqual([{ country: 'IT', product: '***', who: 'ann' }])
  })

  it('does not let a hidden column be used, and says so', async () => {
    const sort = [{ name: 'sort', columns: [{ column: 'amount', order: 'asc' }] }]
    const { status, body } = await simulate({ user: 'ann', pipeline: sort }, { query: '?stage=staging' })
    expect([status, body.code]).toEqual([400, 'pipeline_invalid'])
  })

  it('pages as a query does', async () => {
    const { body } = await simulate({ user: 'boss', offset: 1, limit: 1 }, { query: '?stage=staging' })
    expect([body.data.length, body.pagination_info.pagination_info.total_rows]).toEqual([1, 3])
  })

  it('shares answers only where the rules are equal', async () => {
    const query = { domain: 'named', pipeline: [{ name: 'text', new_column: 't', text: 'shared' }] }
    const real = await viewer.call('POST', '/shop/data', { body: query })
    expect([real.body.data.length, real.headers['x-cache']]).toEqual([1, 'miss'])
    const narrower = await simulate({ user: 'ann', ...query })
    expect([narrower.body.data, narrower.headers['x-cache']]).toEqual([[], 'miss'])
    const again = await viewer.call('POST', '/shop/data', { body: query })
    expect([again.bytes, again.headers['x-cache']]).toEqual([real.bytes, 'hit'])
    await simulate({ user: 'ann', ...query }, { query: '?stage=staging' })
    const whole = await builder.call('POST', '/shop/data?stage=staging', { body: query })
    expect(whole.body.data).toHaveLength(2)
  })

  it('stands in the audit log before anything is shown, without the values of attributes', async () => {
    await simulate({ user: 'Ann' })
    await simulate({ groups: ['masked'], attributes: { countries: ['MARKER-4711'] } }, { query: '?stage=staging' })
    const { body } = await instance.admin.call('GET', '/audit?action=permissions.simulate&limit=2')
    expect(body).toMatchObject([
      {
        ...{ by: 'bea', target: null, app: 'shop' },
        details: { stage: 'staging', domain: 'sales', groups: ['masked'], attributes: ['countries'] },
      },
      { by: 'bea', target: 'ann', app: 'shop', details: { stage: 'production', domain: 'sales' } },
    ])
    expect(JSON.stringify(body)).not.toContain('MARKER')
  })

  it.each([
    ['nobody', {}, '/user'],
    ['two at once', { user: 'ann', groups: [] }, '/user'],
    ['a user that is no text', { user: 1 }, '/user'],
    ['groups that are no list', { groups: 'masked' }, '/groups'],
    ['a field that there is not', { user: 'ann', roles: ['ADMIN'] }, '/roles'],
    ['privileges', { groups: [], privileges: { shop: ['contribute'] } }, '/privileges'],
    ['a negative offset', { user: 'ann', offset: -1 }, '/offset'],
  ])('refuses %s', async (_what, body, path) => {
    const answer = await simulate(body)
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
    expect(answer.body.errors.map((item: { path: string }) => item.path)).toContain(path)
  })

  it('says of an unknown user and of one without a privilege on the app the same', async () => {
    for (const user of ['nowhere', 'stranger']) {
      const { status, body } = await simulate({ user })
      expect([status, body.code]).toEqual([404, 'not_found'])
      expect(body.detail).toBe(`There is no user "${user}" who may see the app "shop".`)
    }
  })

  it('leaves the records of a domain of that name within reach', async () => {
    await instance.admin.upload('shop', 'simulate', 'n\n1\n')
    const records = [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }]
    expect((await builder.call('PUT', '/shop/permissions/simulate', { body: records })).status).toBe(200)
    expect((await builder.call('GET', '/shop/permissions/simulate?stage=staging')).body).toMatchObject(records)
    const patch = await builder.call('PATCH', '/shop/permissions/simulate', { body: [] })
    expect([patch.status, patch.headers.allow]).toEqual([405, 'DELETE, GET, HEAD, POST, PUT'])
  })

  it('is for builders', async () => {
    expect((await simulate({ user: 'ann' }, { caller: instance.nobody })).status).toBe(401)
    expect((await simulate({ user: 'ann' }, { caller: viewer })).status).toBe(403)
    const validator = await instance.aUser({ privileges: { shop: ['validate'] } })
    expect((await simulate({ user: 'ann' }, { caller: validator, query: '?stage=staging' })).status).toBe(403)
    expect((await simulate({ user: 'ann' }, { caller: await instance.aUser() })).status).toBe(404)
    expect((await simulate({ user: 'ann' }, { caller: instance.admin })).status).toBe(200)
  })
})
