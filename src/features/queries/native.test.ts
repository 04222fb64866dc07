import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

let instance: Instance
let viewer: Caller
let french: Caller
let builder: Caller
const sales = 'country,product,amount\nFR,tea,1\nFR,jam,2\nIT,tea,3\nJP,tea,4\n'
const salaries = 'name,country,salary\nAnn,FR,10\nBob,IT,20\n'

beforeAll(async () => {
  instance = await anInstance()
  await instance.anApp({ id: 'shop', domains: { sales, salaries }, published: false })
  const own = { column: 'country', operator: 'eq', value: '{{ user.attributes.country }}' }
  const custom = [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition: own }]
  const hiding = [{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns: { hide: ['salary'], mask: { name: '***' } } }]
  await instance.admin.call('PUT', '/shop/permissions/sales', { body: custom })
  await instance.admin.call('PUT', '/shop/permissions/salaries', { body: hiding })
  expect((await instance.admin.publish('shop')).status).toBe(200)
  viewer = await instance.aUser({ privileges: { shop: ['view'] } })
  french = await instance.aUser({ privileges: { shop: ['view'] }, attributes: { country: 'FR' } })
  builder = await instance.aUser({ privileges: { shop: ['contribute'] }, attributes: { country: 'FR' } })
})
afterAll(() => instance.close())

const run = (caller: Caller, body: unknown, query = '') => caller.call('POST', `/shop/data${query}`, { body })
const rows = async (caller: Caller, body: unknown) => {
  const answer = await run(caller, body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body.data
}

describe('native queries of MongoDB', () => {
  it('run over the rows that somebody sees: an object', async () => {
    expect(await rows(french, { domain: 'sales', product: 'tea' })).toEqual([
      { country: 'FR', product: 'tea', amount: 1 },
    ])
    expect(await rows(viewer, { domain: 'sales' })).toEqual([])
  })

  it('a list, with the domain in its first stage', async () => {
    const stages = [
      { $match: { domain: 'sales' } },
      { $group: { _id: '$product', total: { $sum: '$amount' }, all: { $push: '$amount' } } },
      { $sort: [{ total: -1 }, { _id: 1 }] },
    ]
    expect(await rows(french, stages)).toEqual([
      { _id: 'jam', total: 2, all: [2] },
      { _id: 'tea', total: 1, all: [1] },
    ])
  })

  it('read other domains with their rules', async () => {
    const lookup = { $lookup: { from: 'sales', localField: 'country', foreignField: 'country', as: 'sales' } }
    const found = await rows(french, [{ $match: { domain: 'salaries' } }, lookup])
    expect(found).toEqual([
      {
        name: '***',
        country: 'FR',
        sales: [expect.objectContaining({ product: 'tea' }), expect.objectContaining({ product: 'jam' })],
      },
      { name: '***', country: 'IT', sales: [] },
    ])
    const union = await rows(french, [{ $match: { domain: 'salaries' } }, { $unionWith: 'sales' }, { $count: 'n' }])
    expect(union).toEqual([{ n: 4 }])
    const facet = { $facet: { a: [{ $unionWith: { coll: 'sales', pipeline: [{ $match: { country: 'JP' } }] } }] } }
    const [{ a }] = await rows(french, [{ $match: { domain: 'salaries' } }, facet])
    expect(a).toHaveLength(2)
  })

  it.each([
    ['$out', [{ $out: 'x' }]],
    ['$merge', [{ $merge: { into: 'x' } }]],
    ['$where', [{ $match: { $where: 'true' } }]],
    ['$function', [{ $set: { a: { $function: { body: 'x', args: [], lang: 'js' } } } }]],
    ['$accumulator', [{ $group: { _id: 1, a: { $accumulator: {} } } }]],
    ['$currentOp', [{ $currentOp: {} }]],
    ['$collStats', [{ $collStats: {} }]],
    ['$indexStats', [{ $indexStats: {} }]],
    ['$listSessions', [{ $listSessions: {} }]],
    [
      '$where',
      [
        {
          $facet: { a: [{ $lookup: { from: 'sales', as: 'b', pipeline: [{ $match: { $or: [{ $where: '1' }] } }] } }] },
        },
      ],
    ],
    ['$jsonSchema', [{ $match: { $jsonSchema: {} } }]],
    ['$rand', [{ $set: { a: { $rand: {} } } }]],
  ])('refuse %s by its name, wherever it stands', async (name, stages) => {
    const { status, body } = await run(french, [{ $match: { domain: 'sales' } }, ...stages])
    expect(status).toBe(400)
    expect(JSON.stringify(body.errors)).toContain(`\\"${name}\\" is not allowed`)
  })

  it.each([
    [{ $lookup: { from: 'sales', localField: 'country', foreignField: 'country', as: '__proto__.x' } }],
    [{ $unwind: { path: '$country', includeArrayIndex: 'constructor.prototype.x' } }],
    [{ $set: { a: '$__proto__.polluted' } }],
  ])('refuse paths to prototypes: %j', async (stage) => {
    expect((await run(french, [{ $match: { domain: 'sales' } }, stage])).status).toBe(400)
  })

  it('refuse a collection that is no domain of the app', async () => {
    const { status, body } = await run(french, [{ $match: { domain: 'sales' } }, { $unionWith: 'users' }])
    expect([status, body.errors[0].message]).toEqual([400, 'There is no domain "users" at this stage of the app.'])
  })

  it('take variables as values, never as paths', async () => {
    const pipeline = [{ name: 'custom', query: '[{"$match": {"product": "{{ p }}"}}]' }]
    expect(await rows(french, { domain: 'sales', pipeline, parameters: { p: 'jam' } })).toHaveLength(1)
    const { status } = await run(french, { domain: 'sales', pipeline, parameters: { p: { $ne: null } } })
    expect(status).toBe(400)
    expect((await run(french, { domain: 'sales', pipeline, parameters: { p: '$country' } })).status).toBe(400)
  })
})

describe('SQL over the rows so far', () => {
  const sql = (query: string) => ({ domain: 'sales', pipeline: [{ name: 'customsql', query }] })

  it('sees what its reader sees, and nothing else', async () => {
    expect(await rows(french, sql('SELECT count(*) AS n FROM ##PREVIOUS_STEP##'))).toEqual([{ n: 2 }])
    expect(await rows(viewer, sql('SELECT count(*) AS n FROM ##PREVIOUS_STEP##'))).toEqual([{ n: 0 }])
  })

  it.each([
    "SELECT * FROM ##PREVIOUS_STEP##, read_csv('/etc/passwd')",
    "SELECT * FROM ##PREVIOUS_STEP##, read_blob('/etc/*')",
    'SELECT database_name FROM duckdb_databases(), ##PREVIOUS_STEP## WHERE database_name LIKE $$v%$$ LIMIT 1',
    "SELECT * FROM ##PREVIOUS_STEP##; COPY (SELECT 1) TO '/tmp/x'",
    "ATTACH '/tmp/x.db'; SELECT * FROM ##PREVIOUS_STEP##",
    'INSTALL httpfs -- ##PREVIOUS_STEP##',
    "SELECT * FROM ##PREVIOUS_STEP## UNION ALL SELECT * FROM 'file.parquet'",
    'SELECT getenv($$HOME$$) FROM ##PREVIOUS_STEP##',
  ])('reaches nothing beside: %s', async (query) => {
    const { status, body } = await run(french, sql(query))
    if (status === 200) expect(body.data).toEqual([])
    else expect([400, 403, 422]).toContain(status)
  })

  it('says which names of columns SQL does not take', async () => {
    for (const name of ['', 'a\0b']) {
      const pipeline = [
        { name: 'text', text: name, new_column: 'p' },
        { name: 'pivot', index: ['country'], column_to_pivot: 'p', value_column: 'amount', agg_function: 'sum' },
        { name: 'customsql', query: 'SELECT * FROM ##PREVIOUS_STEP##' },
      ]
      const { status, body } = await run(french, { domain: 'sales', pipeline })
      expect([status, body.code]).toEqual([422, 'query_failed'])
    }
  })

  it('takes variables as values', async () => {
    const pipeline = [{ name: 'customsql', query: 'SELECT amount FROM ##PREVIOUS_STEP## WHERE product = {{ p }}' }]
    expect(await rows(french, { domain: 'sales', pipeline, parameters: { p: 'jam' } })).toEqual([{ amount: 2 }])
    expect(await rows(french, { domain: 'sales', pipeline, parameters: { p: "x' OR '1'='1" } })).toEqual([])
  })
})

describe('hidden and masked columns', () => {
  const ask = (pipeline: unknown[]) => run(viewer, { domain: 'salaries', pipeline })

  it('are gone, or show one value', async () => {
    expect(await rows(viewer, { domain: 'salaries', pipeline: [] })).toEqual([
      { name: '***', country: 'FR' },
      { name: '***', country: 'IT' },
    ])
    const list = (await viewer.call('GET', '/shop/data/domains')).body.find(
      (one: { domain: string }) => one.domain === 'salaries',
    )
    expect(list.columns.map((column: { name: string }) => column.name)).toEqual(['name', 'country'])
  })

  it.each([
    ['filter', [{ name: 'filter', condition: { column: 'salary', operator: 'gt', value: 15 } }]],
    ['sort', [{ name: 'sort', columns: [{ column: 'salary', order: 'asc' }] }]],
    ['group', [{ name: 'aggregate', on: ['salary'], aggregations: [] }]],
    ['compute', [{ name: 'formula', new_column: 'x', formula: '[salary] + 1' }]],
    ['join on', [{ name: 'join', right_pipeline: 'salaries', type: 'inner', on: [['name', 'salary']] }]],
    ['SQL', [{ name: 'customsql', query: 'SELECT salary FROM ##PREVIOUS_STEP##' }]],
  ])('cannot be used to %s', async (_, pipeline) => {
    const { status, body } = await ask(pipeline)
    expect([400, 422]).toContain(status)
    expect(JSON.stringify(body)).not.toMatch(/Ann|Bob|\b10\b/)
  })

  it('that are all there are leave nothing to show', async () => {
    const all = [{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns: { hide: ['country', 'product', 'amount'] } }]
    await instance.anApp({ id: 'empty', domains: { sales }, published: false })
    await instance.admin.call('PUT', '/empty/permissions/sales', { body: all })
    await instance.admin.publish('empty')
    const { status, body } = await instance.admin.call('POST', '/empty/data', {
      body: { domain: 'sales', pipeline: [] },
    })
    expect([status, body.code, body.detail]).toEqual([
      403,
      'data_refused',
      'A permission hides every column of the domain "sales".',
    ])
  })

  it('say nothing to a native query', async () => {
    expect(await rows(viewer, { domain: 'salaries', salary: { $gt: 15 } })).toEqual([])
    expect(await rows(viewer, { domain: 'salaries', name: 'Ann' })).toEqual([])
  })
})

describe('saved queries and references', () => {
  const save = (uid: string, pipeline: unknown[]) =>
    builder.call('PUT', `/shop/query/${uid}`, { body: { name: uid, pipeline } })
  const ref = (uid: string) => ({ type: 'ref', uid })

  it('run by their uid, inside another query, and with the rules of who asks', async () => {
    expect(
      (
        await save('teas', [
          { name: 'domain', domain: 'sales' },
          { name: 'filter', condition: { column: 'product', operator: 'eq', value: '{{ what }}' } },
        ])
      ).status,
    ).toBe(200)
    expect(
      (
        await save('again', [
          { name: 'domain', domain: ref('teas') },
          { name: 'select', columns: ['amount'] },
        ])
      ).status,
    ).toBe(200)
    expect((await instance.admin.publish('shop')).status).toBe(200)
    const execute = (caller: Caller) =>
      caller.call('POST', '/shop/query/again/execution', { body: { parameters: { what: 'tea' } } })
    expect((await execute(french)).body.data).toEqual([{ amount: 1 }])
    expect((await execute(viewer)).body.data).toEqual([])
    const append = { name: 'append', pipelines: [ref('again')] }
    const body = {
      domain: 'sales',
      pipeline: [{ name: 'select', columns: ['amount'] }, append],
      parameters: { what: 'tea' },
    }
    expect(await rows(french, body)).toEqual([{ amount: 1 }, { amount: 2 }, { amount: 1 }])
  })

  it('refuse a circle, and what is not there', async () => {
    await save('a', [{ name: 'domain', domain: ref('b') }])
    await save('b', [{ name: 'domain', domain: ref('a') }])
    const circle = await builder.call('POST', '/shop/query/a/execution?stage=staging', { body: {} })
    expect([circle.status, circle.body.errors[0].message]).toEqual([
      400,
      'The queries refer to each other in a circle: a → b → a.',
    ])
    const lost = await run(builder, { pipeline: [{ name: 'domain', domain: ref('gone') }] })
    expect([lost.status, lost.body.errors]).toEqual([
      400,
      [{ path: '/pipeline/0/domain', message: 'There is no query "gone" to refer to.' }],
    ])
  })

  it('are written by builders only', async () => {
    const body = { name: 'x', pipeline: [{ name: 'domain', domain: 'sales' }] }
    expect((await viewer.call('POST', '/shop/query', { body })).status).toBe(403)
    expect((await viewer.call('GET', '/shop/query/teas')).status).toBe(403)
    expect((await viewer.call('DELETE', '/shop/query/teas')).status).toBe(403)
    expect((await builder.call('POST', '/shop/query', { body })).status).toBe(201)
    expect(
      (await builder.call('POST', '/shop/query', { body: { name: 'x', pipeline: [{ name: 'nope' }] } })).status,
    ).toBe(400)
    expect((await viewer.call('GET', '/shop/query')).body).toContainEqual({ uid: 'teas', name: 'teas' })
  })
})

describe('derived domains', () => {
  const derive = (domain: string, pipeline: unknown[]) =>
    builder.call('PUT', `/shop/data/domains/${domain}`, { body: { kind: 'derived', pipeline } })

  it('show what their own rule and those of what they are made of let through', async () => {
    const totals = {
      name: 'aggregate',
      on: ['product'],
      aggregations: [{ columns: ['amount'], newcolumns: ['total'], aggfunction: 'sum' }],
    }
    expect((await derive('totals', [{ name: 'domain', domain: 'sales' }, totals])).status).toBe(200)
    await instance.admin.publish('shop')
    expect(await rows(french, { domain: 'totals', pipeline: [] })).toEqual([])
    const all = [{ scope: 'ALL_USERS', effect: 'SEE_ALL' }]
    await instance.admin.call('PUT', '/shop/permissions/totals', { body: all })
    await instance.admin.publish('shop')
    expect(await rows(french, { domain: 'totals', pipeline: [] })).toEqual([
      { product: 'jam', total: 2 },
      { product: 'tea', total: 1 },
    ])
    const few = [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition: { column: 'total', operator: 'gt', value: 1 } }]
    await instance.admin.call('PUT', '/shop/permissions/totals', { body: few })
    await instance.admin.publish('shop')
    expect(await rows(french, { domain: 'totals', pipeline: [] })).toEqual([{ product: 'jam', total: 2 }])
  })

  it('refuse to be made of themselves', async () => {
    await derive('x', [{ name: 'domain', domain: 'y' }])
    await derive('y', [{ name: 'domain', domain: 'x' }])
    const { status, body } = await run(builder, { domain: 'x', pipeline: [] }, '?stage=staging')
    expect([status, body.errors[0].message]).toEqual([400, 'The domains "x" → "y" → "x" are made of each other.'])
  })
})

describe('GET /<app>/data/<domain>/values/<column>', () => {
  it('gives the values of rows that one sees', async () => {
    const values = async (caller: Caller, path: string) => (await caller.call('GET', `/shop/data/${path}`)).body.data
    expect(await values(french, 'sales/values/country')).toEqual([{ country: 'FR' }])
    expect(await values(viewer, 'sales/values/country')).toEqual([])
    expect(await values(french, 'sales/values/product?search=EA')).toEqual([{ product: 'tea' }])
    expect((await viewer.call('GET', '/shop/data/salaries/values/salary')).status).toBe(400)
    expect((await french.call('GET', '/shop/data/sales/values/%7B%7Buser.username%7D%7D')).status).toBe(400)
  })
})
