import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

let instance: Instance
let builder: Caller
let viewer: Caller

beforeAll(async () => {
  instance = await anInstance()
  await instance.anApp({ id: 'shop', domains: { sales: 'country,n\nFR,1\nIT,2\n' } })
  builder = await instance.aUser({ privileges: { shop: ['contribute'] } })
  viewer = await instance.aUser({ privileges: { shop: ['view'] } })
})
afterAll(() => instance.close())

const put = (body: unknown, headers: Record<string, string> = {}, caller = builder) =>
  caller.call('PUT', '/shop/permissions/sales', { body, headers })
const custom = (condition: unknown) => [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition }]
const eq = { column: 'country', operator: 'eq', value: 'FR' }

describe('/<app>/permissions', () => {
  it('keeps records as they were written, in staging until they are published', async () => {
    const condition = { or: [eq, { column: 'country', operator: 'in', value: '{{ user.attributes.countries }}' }] }
    const { status, body } = await put([{ scope: 'USER_GROUP', group: 'eu', effect: 'CUSTOM', condition }])
    expect(status).toBe(200)
    expect(body).toEqual([
      { id: body[0].id, domain: 'sales', scope: 'USER_GROUP', group: 'eu', effect: 'CUSTOM', condition },
    ])
    const staging = await builder.call('GET', '/shop/permissions/sales?stage=staging')
    expect(staging.body).toEqual(body)
    expect((await builder.call('GET', '/shop/permissions?stage=staging')).body).toEqual({ sales: body })
    const production = await builder.call('GET', '/shop/permissions/sales')
    expect(production.body).toMatchObject([{ scope: 'ALL_USERS', effect: 'SEE_ALL' }])
    const query = { body: { domain: 'sales', pipeline: [] } }
    expect((await viewer.call('POST', '/shop/data', query)).body.data).toHaveLength(2)
    await builder.publish('shop', { parts: ['permissions'] })
    expect((await viewer.call('POST', '/shop/data', query)).body.data).toHaveLength(0)
  })

  it('keeps the columns of a record', async () => {
    const columns = { hide: ['country'], mask: { n: 0 } }
    const { status, body } = await put([{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns }])
    expect([status, body[0].columns]).toEqual([200, columns])
    const read = await builder.call('GET', '/shop/permissions/sales?stage=staging')
    expect(read.body[0].columns).toEqual(columns)
    const both = await put([{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns: { hide: ['n'], mask: { n: 0 } } }])
    expect([both.status, both.body.errors[0].path]).toEqual([400, '/0/columns/mask/n'])
  })

  it('refuses a write over somebody else’s', async () => {
    const read = await builder.call('GET', '/shop/permissions/sales?stage=staging')
    const tag = { 'if-match': String(read.headers.etag) }
    expect((await put(custom(eq), tag)).status).toBe(200)
    const late = await put(custom({ ...eq, value: 'IT' }), tag)
    expect([late.status, late.body.code]).toEqual([412, 'precondition_failed'])
  })

  const bad: [string, unknown, string][] = [
    ['no list', { scope: 'DEFAULT', effect: 'SEE_ALL' }, ''],
    ['unknown field', [{ scope: 'DEFAULT', effect: 'SEE_ALL', color: 1 }], '/0'],
    ['unknown scope', [{ scope: 'EVERYBODY', effect: 'SEE_ALL' }], '/0/scope'],
    ['unknown effect', [{ scope: 'DEFAULT', effect: 'SEE' }], '/0/effect'],
    ['group missing', [{ scope: 'USER_GROUP', effect: 'SEE_ALL' }], '/0/group'],
    ['group too many', [{ scope: 'DEFAULT', group: 'a', effect: 'SEE_ALL' }], '/0/group'],
    ['condition missing', [{ scope: 'DEFAULT', effect: 'CUSTOM' }], '/0/condition'],
    ['condition too many', [{ scope: 'DEFAULT', effect: 'SEE_ALL', condition: eq }], '/0/condition'],
    ['another domain', [{ domain: 'costs', scope: 'DEFAULT', effect: 'SEE_ALL' }], '/0/domain'],
    [
      'two defaults',
      [
        { scope: 'DEFAULT', effect: 'SEE_ALL' },
        { scope: 'DEFAULT', effect: 'SEE_NOTHING' },
      ],
      '/1/scope',
    ],
    [
      'two of a group',
      [
        { scope: 'USER_GROUP', group: 'a', effect: 'SEE_ALL' },
        { scope: 'USER_GROUP', group: 'a', effect: 'SEE_ALL' },
      ],
      '/1/scope',
    ],
    ['and beside or', custom({ and: [eq], or: [eq] }), '/0/condition'],
    ['a column beside and', custom({ and: [eq], ...eq }), '/0/condition/column'],
    ['an empty list', custom({ and: [] }), '/0/condition/and'],
    [
      'an unknown operator, deep',
      custom({ or: [eq, { and: [{ ...eq, operator: 'like' }] }] }),
      '/0/condition/or/1/and/0/operator',
    ],
    ['a missing column', custom({ operator: 'eq', value: 1 }), '/0/condition/column'],
    ['a missing value', custom({ column: 'a', operator: 'eq' }), '/0/condition/value'],
    ['a scalar for in', custom({ ...eq, operator: 'in' }), '/0/condition/value'],
    ['a date operator', custom({ ...eq, operator: 'from', value: '2024-01-01' }), '/0/condition/operator'],
    ['a constant', custom({ always: true }), '/0/condition/always'],
    ['a back-reference', custom({ ...eq, operator: 'matches', value: '(a)\\1' }), '/0/condition/value'],
    ['a template that does not parse', custom({ ...eq, value: '{{ user. }}' }), '/0/condition/value'],
    [
      'a template with a loop',
      custom({ ...eq, value: '{% for a in user.groups %}x{% endfor %}' }),
      '/0/condition/value',
    ],
  ]
  it.each(bad)('refuses %s and names the place', async (...[, body, path]) => {
    const before = await builder.call('GET', '/shop/permissions/sales?stage=staging')
    const answer = await put(body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors.map((item: { path: string }) => item.path)).toContain(path)
    expect((await builder.call('GET', '/shop/permissions/sales?stage=staging')).body).toEqual(before.body)
  })

  it('lists every mistake at once', async () => {
    const { body } = await put([
      { scope: 'X', effect: 'SEE_ALL' },
      ...custom({
        and: [
          { ...eq, operator: 'like' },
          { column: 1, operator: 'eq', value: 1 },
        ],
      }),
    ])
    expect(body.errors.map((item: { path: string }) => item.path)).toEqual([
      '/0/scope',
      '/1/condition/and/0/operator',
      '/1/condition/and/1/column',
    ])
  })

  it('removes records', async () => {
    await put(custom(eq))
    expect((await builder.call('DELETE', '/shop/permissions/sales')).status).toBe(200)
    expect((await builder.call('GET', '/shop/permissions/sales?stage=staging')).body).toEqual([])
    expect((await builder.call('DELETE', '/shop/permissions/sales')).status).toBe(404)
  })

  it('is for builders', async () => {
    const stranger = await instance.aUser()
    for (const [method, url] of [
      ['GET', '/shop/permissions'],
      ['GET', '/shop/permissions/sales'],
      ['PUT', '/shop/permissions/sales'],
      ['DELETE', '/shop/permissions/sales'],
    ] as const) {
      const body = method === 'PUT' ? { body: [] } : {}
      expect((await instance.nobody.call(method, url, body)).status).toBe(401)
      expect((await viewer.call(method, url, body)).status).toBe(403)
      expect((await stranger.call(method, url, body)).status).toBe(404)
    }
  })

  it('refuses the rows when a rule names a column that the domain lacks', async () => {
    await put(custom({ column: 'region', operator: 'ne', value: 'x' }))
    await builder.publish('shop')
    const { status, body } = await viewer.call('POST', '/shop/data', { body: { domain: 'sales', pipeline: [] } })
    expect([status, body.code]).toEqual([403, 'data_refused'])
    expect(body.detail).toContain('region')
    expect(JSON.stringify(body)).not.toContain('FR')
  })
})
