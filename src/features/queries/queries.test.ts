import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

let instance: Instance
let viewer: Caller
let french: Caller
const sales = 'country,product,amount,day\nFR,tea,1,2024-01-01\nFR,jam,2,2024-01-02\nIT,tea,3,2024-01-03\nJP,tea,4,\n'
const countries = 'code,name\nFR,France\nIT,Italy\nJP,Japan\n'

beforeAll(async () => {
  instance = await anInstance()
  await instance.anApp({ id: 'shop', domains: { sales, countries }, published: false })
  const records = [
    { scope: 'DEFAULT', effect: 'SEE_NOTHING' },
    { scope: 'USER_GROUP', group: 'all', effect: 'SEE_ALL' },
    {
      scope: 'USER_GROUP',
      group: 'own',
      effect: 'CUSTOM',
      condition: { column: 'country', operator: 'in', value: '{{ user.attributes.countries }}' },
    },
  ]
  expect((await instance.admin.call('PUT', '/shop/permissions/sales', { body: records })).status).toBe(200)
  expect((await instance.admin.publish('shop')).status).toBe(200)
  viewer = await instance.aUser({ privileges: { shop: ['view'] }, groups: ['all'] })
  french = await instance.aUser({ privileges: { shop: ['view'] }, groups: ['own'], attributes: { countries: ['FR'] } })
})
afterAll(() => instance.close())

const run = (caller: Caller, body: unknown, headers?: Record<string, string>) =>
  caller.call('POST', '/shop/data', { body, ...(headers && { headers }) })
const count = {
  name: 'aggregate',
  on: [],
  aggregations: [{ columns: ['amount'], newcolumns: ['n'], aggfunction: 'sum' }],
}

describe('POST /<app>/data', () => {
  it('answers rows, columns and pages', async () => {
    const { status, body, headers } = await run(viewer, { domain: 'sales', pipeline: [], limit: 2 })
    expect(status).toBe(200)
    expect(body).toEqual({
      data: [
        { country: 'FR', product: 'tea', amount: 1, day: '2024-01-01T00:00:00.000Z' },
        { country: 'FR', product: 'jam', amount: 2, day: '2024-01-02T00:00:00.000Z' },
      ],
      columns: [
        { name: 'country', type: 'text' },
        { name: 'product', type: 'text' },
        { name: 'amount', type: 'integer' },
        { name: 'day', type: 'date' },
      ],
      pagination_info: {
        parameters: { offset: 0, limit: 2 },
        pagination_info: { type: 'known_size', is_last_page: false, total_rows: 4 },
        next_page: { offset: 2, limit: 2 },
        previous_page: null,
      },
      truncated: false,
      data_version: headers['x-data-version'],
      restricted: false,
    })
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
    expect(headers['server-timing']).toMatch(/plan;dur=.*execute;dur=.*total;dur=/)
    expect(headers['cache-control']).toBe('private, no-cache')
  })

  it('shares a cached answer between equal rights and never between unequal ones', async () => {
    const query = { domain: 'sales', pipeline: [count] }
    const twin = await instance.aUser({
      privileges: { shop: ['view'] },
      groups: ['own'],
      attributes: { countries: ['FR', 'FR'] },
    })
    const italian = await instance.aUser({
      privileges: { shop: ['view'] },
      groups: ['own'],
      attributes: { countries: ['IT'] },
    })
    const answers: unknown[] = []
    for (const caller of [viewer, french, twin, italian, french]) {
      const { body, headers } = await run(caller, query)
      answers.push([headers['x-cache'], body.data[0].n])
    }
    expect(answers).toEqual([
      ['miss', 10],
      ['miss', 3],
      ['hit', 3],
      ['miss', 3],
      ['hit', 3],
    ])
  })

  it('applies the rule in a join, on whichever side', async () => {
    const joined = {
      name: 'join',
      right_pipeline: [{ name: 'domain', domain: 'sales' }],
      type: 'left',
      on: [['code', 'country']],
    }
    const { body } = await run(french, { domain: 'countries', pipeline: [joined] })
    expect(body.data.map((row: { product: string | null }) => row.product)).toEqual(['tea', 'jam', null, null])
    expect(body.restricted).toBe(true)
    const left = await run(french, {
      domain: 'sales',
      pipeline: [{ name: 'join', right_pipeline: 'countries', type: 'left', on: [['country', 'code']] }],
    })
    expect(left.body.data).toHaveLength(2)
  })

  it('does not let parameters stand in for the user', async () => {
    const own = {
      name: 'filter',
      condition: { column: 'country', operator: 'in', value: '{{ user.attributes.countries }}' },
    }
    const parameters = { user: { attributes: { countries: ['JP'] }, groups: ['all'] } }
    const { body } = await run(french, { domain: 'sales', pipeline: [own], parameters })
    expect(body.data.map((row: { country: string }) => row.country)).toEqual(['FR', 'FR'])
  })

  it('renders parameters as values', async () => {
    const filter = { name: 'filter', condition: { column: 'country', operator: 'eq', value: '{{ country }}' } }
    const query = (country: string) => ({ domain: 'sales', pipeline: [filter], parameters: { country } })
    expect((await run(viewer, query('IT'))).body.data).toHaveLength(1)
    expect((await run(viewer, query("IT' or '1'='1"))).body.data).toHaveLength(0)
    expect((await run(viewer, query('__VOID__'))).body.data).toHaveLength(4)
    const missing = await run(viewer, { domain: 'sales', pipeline: [filter] })
    expect([missing.status, missing.body.code]).toEqual([400, 'pipeline_invalid'])
    expect(missing.body.errors[0].message).toContain('country')
  })

  it('knows the bytes again', async () => {
    const query = { domain: 'sales', pipeline: [] }
    const { headers } = await run(viewer, query)
    const again = await run(viewer, query, { 'if-none-match': String(headers.etag) })
    expect([again.status, again.body]).toEqual([304, ''])
  })

  it('reads afresh when asked to', async () => {
    const query = { domain: 'sales', pipeline: [{ name: 'sort', columns: [{ column: 'amount', order: 'desc' }] }] }
    const states: unknown[] = []
    for (const headers of [undefined, { 'cache-control': 'no-cache' }, undefined])
      states.push((await run(viewer, query, headers)).headers['x-cache'])
    expect(states).toEqual(['miss', 'bypass', 'hit'])
  })

  it('names the step and the nearest columns when one does not exist', async () => {
    const { status, body } = await run(viewer, {
      domain: 'sales',
      pipeline: [
        { name: 'select', columns: ['country'] },
        { name: 'sort', columns: [{ column: 'Contry', order: 'asc' }] },
      ],
    })
    expect([status, body.code]).toEqual([400, 'pipeline_invalid'])
    expect(body.errors[0]).toMatchObject({ step: { index: 1, name: 'sort' }, column: 'Contry', nearest: ['country'] })
  })

  it('tells where a formula stops making sense', async () => {
    const { status, body } = await run(viewer, {
      domain: 'sales',
      pipeline: [{ name: 'formula', new_column: 'x', formula: 'amount + * 2' }],
    })
    expect(status).toBe(400)
    expect(body.errors[0]).toMatchObject({ step: { index: 0, name: 'formula' }, position: 9 })
  })

  it('refuses what it does not know', async () => {
    const bad: [unknown, string][] = [
      [{ domain: 'sales', pipeline: [], color: 'red' }, 'invalid_request'],
      [{ domain: 'sales', pipeline: 'all' }, 'invalid_request'],
      [{ domain: 7 }, 'invalid_request'],
      [[], 'invalid_request'],
      [{ domain: 'sales', pipeline: [], limit: -1 }, 'invalid_request'],
      [{ domain: 'sales', pipeline: [], offset: 1.5 }, 'invalid_request'],
      [{ domain: 'sale', pipeline: [] }, 'pipeline_invalid'],
      [{ domain: 'sales', pipeline: [{ name: 'filtre' }] }, 'pipeline_invalid'],
      [
        {
          domain: 'sales',
          pipeline: [{ name: 'filter', condition: { column: 'amount', operator: 'eq', value: 1, x: 1 } }],
        },
        'pipeline_invalid',
      ],
      [{ domain: 'sales', pipeline: [{ name: 'filter', condition: { always: true } }] }, 'pipeline_invalid'],
      [
        { domain: 'sales', pipeline: [{ name: 'domain', domain: 'sales', rule: { always: true } }] },
        'pipeline_invalid',
      ],
      [{ domain: 'sales', pipeline: [{ name: 'domain', domain: 'countries' }] }, 'pipeline_invalid'],
      [{ pipeline: [] }, 'pipeline_invalid'],
    ]
    for (const [body, code] of bad) {
      const answer = await run(french, body)
      expect([answer.status, answer.body.code, JSON.stringify(body)]).toEqual([400, code, JSON.stringify(body)])
    }
    expect((await run(viewer, '{"domain": "sales", ')).body.code).toBe('malformed_json')
  })

  it('is closed to who is not signed in, has no privilege, or asks for staging as a viewer', async () => {
    const query = { domain: 'sales', pipeline: [] }
    expect((await run(instance.nobody, query)).status).toBe(401)
    const stranger = await instance.aUser()
    const refused = await run(stranger, query)
    const missing = await stranger.call('POST', '/no-such-app/data', { body: query })
    expect(refused.status).toBe(404)
    const text = (answer: typeof refused) =>
      JSON.stringify({ ...answer.body, requestId: '' }).replaceAll('no-such-app', 'shop')
    expect(text(missing)).toBe(text(refused))
    expect((await viewer.call('POST', '/shop/data?stage=staging', { body: query })).status).toBe(403)
    expect((await viewer.call('POST', '/shop/data?stage=other', { body: query })).status).toBe(400)
  })

  it('keeps to the limits that the operator set', async () => {
    const small = await anInstance({ LAPUTA_QUERY__MAX_ROWS: '3', LAPUTA_QUERY__MAX_STEPS: '2' })
    await small.anApp({ id: 'shop', domains: { sales } })
    const { body } = await run(small.admin, { domain: 'sales', pipeline: [] })
    expect(body.data).toHaveLength(3)
    expect(body.truncated).toBe(true)
    expect(body.pagination_info.pagination_info.is_last_page).toBe(false)
    const many = await run(small.admin, { domain: 'sales', pipeline: [count, count, count] })
    expect([many.status, many.body.code]).toEqual([400, 'pipeline_invalid'])
    await small.close()
  })
})

describe('POST /<app>/query/preview', () => {
  const preview = (caller: Caller, body: unknown) => caller.call('POST', '/shop/query/preview?stage=staging', { body })

  it('answers the first rows of staging with the types of the columns', async () => {
    const builder = await instance.aUser({ privileges: { shop: ['contribute'] } })
    const big = `n\n${Array.from({ length: 120 }, (_, index) => index).join('\n')}\n`
    await builder.upload('shop', 'big', big)
    const { status, body } = await preview(builder, { domain: 'big', pipeline: [] })
    expect(status).toBe(200)
    expect(body.data).toHaveLength(50)
    expect(body.columns).toEqual([{ name: 'n', type: 'integer' }])
    expect(body.pagination_info.pagination_info.total_rows).toBe(120)
    const wrong = await preview(builder, {
      domain: 'big',
      pipeline: [
        { name: 'select', columns: ['n'] },
        { name: 'top', rank_on: 'm', sort: 'asc', limit: 1 },
      ],
    })
    expect(wrong.status).toBe(400)
    expect(wrong.body.errors[0].step).toEqual({ index: 1, name: 'top' })
  })

  it('is for builders', async () => {
    const query = { domain: 'sales', pipeline: [] }
    expect((await preview(instance.nobody, query)).status).toBe(401)
    expect((await preview(viewer, query)).status).toBe(403)
    expect((await preview(await instance.aUser(), query)).status).toBe(404)
    expect((await preview(instance.admin, { domain: 'sales' })).status).toBe(400)
  })
})

it('GET /pipeline/steps describes the steps to query builders', async () => {
  const { status, body } = await viewer.call('GET', '/pipeline/steps')
  expect(status).toBe(200)
  const filter = body.find(({ name }: { name: string }) => name === 'filter')
  expect(filter.schema.properties.condition).toEqual({ $ref: '#/$defs/condition' })
  expect((await instance.nobody.call('GET', '/pipeline/steps')).status).toBe(401)
})
