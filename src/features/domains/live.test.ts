import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { type Answer, anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { type AppBuilder, anAppBuilder } from '../../../test/builders/live-app.ts'

const secret = 'MARKER-bearer-7d1f'
const orders = [
  { country: 'FR', product: 'tea', amount: 1 },
  { country: 'FR', product: 'jam', amount: 2 },
  { country: 'IT', product: 'tea', amount: 3 },
  { country: 'JP', product: 'tea', amount: 4 },
]
const own = { column: 'country', operator: 'eq', value: '{{ user.attributes.country }}' }
const ownRows = [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition: own }]

let now = Date.now()
let api: HttpSource
let instance: Instance
let shop: AppBuilder
let french: Caller
let italian: Caller
let connection: string
const said: Answer[] = []

beforeAll(async () => {
  api = await anHttpSource()
  instance = await anInstance(
    {
      LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1',
      LAPUTA_QUERY__MAX_FETCHED_ROWS: '1000',
      LAPUTA_QUERY__CACHE__TTL: '60 s',
      LAPUTA_QUERY__CACHE__ERROR_TTL: '5 s',
    },
    { now: () => now },
  )
  await instance.anApp({ id: 'shop', domains: { countries: 'code,name\nFR,France\nIT,Italy\n' } })
  shop = anAppBuilder(instance, 'shop')
  connection = await shop.connection('http', { baseroute: api.base, auth: 'bearer', token: secret })
  await shop.live('orders', { connection, query: { url: 'orders' } })
  await shop.permissions('orders', ownRows)
  await shop.derived('totals', [
    { name: 'domain', domain: 'orders' },
    { name: 'aggregate', on: ['country'], aggregations: [sum('amount', 'total')] },
  ])
  await shop.permissions('totals')
  await shop.publish()
  french = await instance.aUser({ privileges: { shop: ['view'] }, attributes: { country: 'FR' } })
  italian = await instance.aUser({ privileges: { shop: ['view'] }, attributes: { country: 'IT' } })
})
beforeEach(() => {
  now += 61_000
  api.answerWith(orders)
})
afterEach(() => api.reset())
afterAll(async () => {
  await instance.close()
  await api.close()
})

function sum(column: string, as: string) {
  return { columns: [column], newcolumns: [as], aggfunction: 'sum' }
}

async function ask(caller: Caller, body: unknown, query = ''): Promise<Answer> {
  const answer = await caller.call('POST', `/shop/data${query}`, { body })
  said.push(answer)
  return answer
}
async function rows(caller: Caller, body: unknown, query = '') {
  const { status, body: found } = await ask(caller, body, query)
  expect(status, JSON.stringify(found)).toBe(200)
  return found.data
}
const codes = ({ status, body }: Answer) => [status, body.code]
/** A domain of production that everybody sees, read from the source by its name. */
async function aLiveDomain(name: string, query: object = {}): Promise<void> {
  await shop.live(name, { connection, query: { url: name, ...query } })
  await shop.permissions(name)
  await shop.publish()
}

describe('a domain that is read over HTTP', () => {
  it('shows who asks their rows, though the source gives all of them', async () => {
    const { body } = await ask(french, { domain: 'orders', pipeline: [], limit: 1 })
    expect([body.data, body.pagination_info.pagination_info.total_rows, body.restricted]).toEqual([
      [{ country: 'FR', product: 'tea', amount: 1 }],
      2,
      true,
    ])
    expect(await rows(italian, { domain: 'orders', pipeline: [] })).toEqual([orders[2]])
    const second = await ask(french, { domain: 'orders', pipeline: [], limit: 1, offset: 1 })
    expect(second.body.data).toEqual([orders[1]])
    expect(api.asked).toEqual(['GET /api/orders', 'GET /api/orders', 'GET /api/orders'])
  })

  it('gives totals, native queries and values of these rows only', async () => {
    const total = { name: 'aggregate', on: [], aggregations: [sum('amount', 'total')] }
    expect(await rows(french, { domain: 'orders', pipeline: [total] })).toEqual([{ total: 3 }])
    expect(await rows(french, [{ $match: { domain: 'orders' } }, { $count: 'n' }])).toEqual([{ n: 2 }])
    const sql = { name: 'customsql', query: 'SELECT max(amount) AS most FROM ##PREVIOUS_STEP##' }
    expect(await rows(french, { domain: 'orders', pipeline: [sql] })).toEqual([{ most: 2 }])
    const values = await french.call('GET', '/shop/data/orders/values/country')
    expect(values.body.data).toEqual([{ country: 'FR' }])
  })

  it('is joined with stored and derived domains, each with its rules', async () => {
    const joins = [
      { name: 'join', right_pipeline: 'totals', type: 'left', on: [['code', 'country']] },
      { name: 'join', right_pipeline: 'orders', type: 'left', on: [['code', 'country']] },
      { name: 'select', columns: ['name', 'total', 'product'] },
    ]
    expect(await rows(french, { domain: 'countries', pipeline: joins })).toEqual([
      { name: 'France', total: 3, product: 'tea' },
      { name: 'France', total: 3, product: 'jam' },
      { name: 'Italy', total: null, product: null },
    ])
    const append = { name: 'append', pipelines: ['countries'] }
    const both = await rows(italian, {
      domain: 'totals',
      pipeline: [{ name: 'rename', to_rename: [['country', 'code']] }, append],
    })
    expect(both).toEqual([
      { code: 'IT', total: 3, name: null },
      { code: 'FR', total: null, name: 'France' },
      { code: 'IT', total: null, name: 'Italy' },
    ])
  })

  it('is pivoted over what one sees', async () => {
    const pivot = {
      name: 'pivot',
      index: ['country'],
      column_to_pivot: 'product',
      value_column: 'amount',
      agg_function: 'sum',
    }
    const [french_, italian_] = [await ask(french, pivoted(pivot)), await ask(italian, pivoted(pivot))]
    expect(french_.body.data).toEqual([{ country: 'FR', jam: 2, tea: 1 }])
    expect(italian_.body.data).toEqual([{ country: 'IT', tea: 3 }])
  })

  it('fills its address with values of who asks, and never gives them to somebody else', async () => {
    await aLiveDomain('mine', { params: { of: '{{ user.attributes.country }}' } })
    api.handler = (request, response) => response.end(JSON.stringify([{ url: request.url }]))
    expect(await rows(french, { domain: 'mine', pipeline: [] })).toEqual([{ url: '/api/mine?of=FR' }])
    expect(await rows(italian, { domain: 'mine', pipeline: [] })).toEqual([{ url: '/api/mine?of=IT' }])
  })

  it('is refused to who has a rule on a column that the source does not give', async () => {
    api.answerWith([{ land: 'FR' }])
    const { status, body } = await ask(french, { domain: 'orders', pipeline: [] })
    expect([status, body.code, body.errors[0].column]).toEqual([403, 'data_refused', 'country'])
    expect(JSON.stringify(body)).not.toContain('FR')
  })

  it('may be empty: it has no rows then, and no columns to work on', async () => {
    await aLiveDomain('empty')
    await shop.derived('of-empty', [{ name: 'domain', domain: 'empty' }])
    await shop.permissions('of-empty')
    await shop.publish()
    api.answerWith([])
    for (const domain of ['empty', 'orders', 'of-empty']) {
      const { body } = await ask(french, { domain, pipeline: [] })
      expect([body.data, body.columns, body.pagination_info.pagination_info.total_rows]).toEqual([[], [], 0])
    }
    expect(await rows(french, [{ $match: { domain: 'empty' } }, { $match: { a: 1 } }])).toEqual([])
    const steps = [
      { name: 'filter', condition: { column: 'country', operator: 'eq', value: 'FR' } },
      { name: 'customsql', query: 'SELECT * FROM ##PREVIOUS_STEP##' },
    ]
    for (const step of steps) {
      expect(codes(await ask(french, { domain: 'empty', pipeline: [step] }))).toEqual([422, 'query_failed'])
    }
  })
})

function pivoted(step: object) {
  return { domain: 'orders', pipeline: [step] }
}

describe('answers of a live domain', () => {
  it('are kept as long as the domain says, else the connection, else the instance', async () => {
    const short = await shop.connection('http', { baseroute: api.base }, 20)
    await shop.live('by-domain', { connection, query: { url: 'a' }, cache_ttl: 10 })
    await shop.live('by-connection', { connection: short, query: { url: 'b' } })
    await shop.live('by-instance', { connection, query: { url: 'c' } })
    await shop.live('never', { connection, query: { url: 'd' }, cache_ttl: 0 })
    for (const domain of ['by-domain', 'by-connection', 'by-instance', 'never']) await shop.permissions(domain)
    await shop.publish()
    const states = async (domain: string, seconds: number[]) => {
      const seen: unknown[] = []
      for (const wait of seconds) {
        now += wait * 1000
        seen.push((await ask(french, { domain, pipeline: [] })).headers['x-cache'])
      }
      return seen
    }
    expect(await states('by-domain', [0, 9, 2])).toEqual(['miss', 'hit', 'miss'])
    expect(await states('by-connection', [0, 19, 2])).toEqual(['miss', 'hit', 'miss'])
    expect(await states('by-instance', [0, 59, 2])).toEqual(['miss', 'hit', 'miss'])
    expect(await states('never', [0, 0])).toEqual(['bypass', 'bypass'])
    const joined = { name: 'append', pipelines: ['by-domain'] }
    const mixed = { domain: 'by-instance', pipeline: [joined] }
    const seen: unknown[] = []
    for (const wait of [0, 9, 2]) {
      now += wait * 1000
      seen.push((await ask(french, mixed)).headers['x-cache'])
    }
    expect(seen).toEqual(['miss', 'hit', 'miss'])
  })

  it('are read anew when the connection changes, which cannot go while it is read', async () => {
    const other = await shop.connection('http', { baseroute: `${api.base}/v1` })
    await shop.live('moving', { connection: other, query: {} })
    await shop.permissions('moving')
    await shop.publish()
    api.handler = (request, response) => response.end(JSON.stringify([{ url: request.url }]))
    expect(await rows(french, { domain: 'moving', pipeline: [] })).toEqual([{ url: '/api/v1' }])
    const change = { config: { baseroute: `${api.base}/v2` } }
    await instance.admin.call('PATCH', `/shop/connections/${other}`, { body: change })
    expect(await rows(french, { domain: 'moving', pipeline: [] })).toEqual([{ url: '/api/v2' }])
    const removed = await instance.admin.call('DELETE', `/shop/connections/${other}`)
    expect([removed.status, removed.body.errors.length]).toEqual([409, 2])
  })

  it('are refused beyond the rows that this process takes', async () => {
    await aLiveDomain('many')
    api.answerWith(Array.from({ length: 1001 }, (_, n) => ({ n })))
    const { status, body } = await ask(french, { domain: 'many', pipeline: [], limit: 1 })
    expect([status, body.code]).toEqual([413, 'too_many_rows'])
    expect(body.detail).toContain('max_fetched_rows')
  })
})

describe('a source in trouble', () => {
  it('is told apart by its error, and is left alone for a while', async () => {
    await aLiveDomain('broken')
    api.answerWith({ message: `no ${secret}` }, 500)
    expect(codes(await ask(french, { domain: 'broken', pipeline: [] }))).toEqual([502, 'source_failed'])
    const asked = api.asked.length
    api.answerWith(orders)
    expect(codes(await ask(italian, { domain: 'broken', pipeline: [] }))).toEqual([502, 'source_failed'])
    expect(api.asked).toHaveLength(asked)
    now += 5_001
    expect(await rows(french, { domain: 'broken', pipeline: [] })).toHaveLength(4)
  })

  it('may take too long, or not be there at all', async () => {
    const slow = await shop.connection('http', { baseroute: api.base, timeout: 0.2 })
    await shop.live('slow', { connection: slow, query: { url: 'slow' } })
    const nobody = await shop.connection('http', { baseroute: 'http://127.0.0.1:1/' })
    await shop.live('nobody', { connection: nobody, query: {} })
    const inside = await shop.connection('http', { baseroute: 'http://169.254.169.254/latest/' })
    await shop.live('inside', { connection: inside, query: {} })
    for (const domain of ['slow', 'nobody', 'inside']) await shop.permissions(domain)
    await shop.publish()
    api.handler = () => {}
    expect(codes(await ask(french, { domain: 'slow', pipeline: [] }))).toEqual([504, 'source_timeout'])
    expect(codes(await ask(french, { domain: 'nobody', pipeline: [] }))).toEqual([502, 'source_failed'])
    expect(codes(await ask(french, { domain: 'inside', pipeline: [] }))).toEqual([403, 'address_refused'])
  })
})

it('publishes live domains like any other part of the data', async () => {
  api.handler = (request, response) => response.end(JSON.stringify([{ url: request.url }]))
  const urlAt = async (domain: string, stage: string) => {
    const { status, body } = await ask(instance.admin, { domain, pipeline: [] }, `?stage=${stage}`)
    expect(status).toBe(200)
    return body.data[0]?.url
  }
  await aLiveDomain('one')
  await shop.live('one', { connection, query: { url: 'changed' } })
  await shop.live('two', { connection, query: { url: 'two' } })
  await shop.permissions('two')
  expect([await urlAt('one', 'staging'), await urlAt('one', 'production')]).toEqual(['/api/changed', '/api/one'])
  await shop.publish({ domains: ['two'] })
  expect([await urlAt('one', 'production'), await urlAt('two', 'production')]).toEqual(['/api/one', undefined])
  await shop.publish({ parts: ['data'] })
  expect(await urlAt('one', 'production')).toBe('/api/changed')
  await shop.publish({ parts: ['permissions'] })
  expect(await urlAt('two', 'production')).toBe('/api/two')
})

it('never says the secret of a connection', async () => {
  api.handler = (request, response) => {
    response.writeHead(418)
    response.end(JSON.stringify(request.headers))
  }
  await ask(french, { domain: 'orders', pipeline: [] })
  await ask(instance.admin, { domain: 'orders', pipeline: [] }, '?stage=staging')
  for (const path of ['/connections', `/connections/${connection}`, '/data/domains', '/data/domains/orders']) {
    said.push(await instance.admin.call('GET', `/shop${path}`))
  }
  expect(said.length).toBeGreaterThan(40)
  for (const { bytes, headers } of said) expect(`${bytes}${JSON.stringify(headers)}`).not.toContain(secret)
})
