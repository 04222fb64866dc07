import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { type AppBuilder, anAppBuilder, aPostgresSource, type PostgresSource } from '../../../test/builders/live-app.ts'

const url = process.env.LAPUTA_TEST_POSTGRES_URL
const tables = `
  CREATE TABLE orders (country text, product text, amount integer, margin integer);
  INSERT INTO orders VALUES ('FR', 'tea', 1, 10), ('FR', 'jam', 2, 20), ('IT', 'tea', 3, 30), ('JP', 'tea', 4, 40);
  CREATE VIEW slow_orders AS SELECT orders.* FROM orders, (SELECT pg_sleep(0.6)) AS pause;
  CREATE TABLE twins (a integer, "A" integer);
  INSERT INTO twins VALUES (1, 2);`
const own = { column: 'country', operator: 'eq', value: '{{ user.attributes.country }}' }
const ownRows = [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition: own, columns: { hide: ['margin'], mask: {} } }]

describe.skipIf(!url)('a domain that is read from PostgreSQL', () => {
  let source: PostgresSource
  let instance: Instance
  let shop: AppBuilder
  let french: Caller
  let builder: Caller
  let connection: string

  beforeAll(async () => {
    source = await aPostgresSource(url ?? '', tables)
    instance = await anInstance({
      LAPUTA_CONNECTIONS__ALLOW: '127.0.0.0/8,localhost',
      LAPUTA_CONNECTIONS__CONCURRENCY: '1',
      LAPUTA_CONNECTIONS__TIMEOUT: '4 s',
    })
    await instance.anApp({ id: 'shop', domains: { countries: 'code,name\nFR,France\nIT,Italy\n' } })
    shop = anAppBuilder(instance, 'shop')
    connection = await shop.connection('postgres', source.config)
    for (const table of ['orders', 'slow_orders', 'twins']) {
      await shop.live(table, { connection, query: { table, schema: source.schema } })
      await shop.permissions(table, table === 'twins' ? undefined : ownRows)
    }
    const total = { columns: ['amount'], newcolumns: ['total'], aggfunction: 'sum' }
    await shop.derived('totals', [
      { name: 'domain', domain: 'orders' },
      { name: 'aggregate', on: ['country'], aggregations: [total] },
    ])
    await shop.permissions('totals')
    await shop.publish()
    french = await instance.aUser({ privileges: { shop: ['view'] }, attributes: { country: 'FR' } })
    builder = await instance.aUser({ privileges: { shop: ['contribute'] }, attributes: { country: 'IT' } })
  })
  afterAll(async () => {
    await instance.close()
    await source.close()
  })

  const ask = (caller: Caller, body: unknown, query = ''): Promise<Answer> =>
    caller.call('POST', `/shop/data${query}`, { body })
  async function rows(caller: Caller, body: unknown, query = '') {
    const answer = await ask(caller, body, query)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return answer.body.data
  }
  const native = (query: string) => ({
    name: 'customsql',
    query: query.replaceAll('orders', `${source.schema}.orders`),
  })

  it('is asked for the rows that somebody may see, by the rule in its own SQL', async () => {
    const answer = ask(french, { domain: 'slow_orders', pipeline: [] })
    await expect.poll(() => source.running('slow_orders'), { interval: 20 }).toHaveLength(1)
    const [text = ''] = await source.running('slow_orders')
    expect(text).toMatch(/"country" AS text\) COLLATE "C" AS c0.*slow_orders.*WHERE c0 = CAST\(\$1 AS text\)/)
    expect((await answer).body.data).toEqual([
      { country: 'FR', product: 'tea', amount: 1 },
      { country: 'FR', product: 'jam', amount: 2 },
    ])
  })

  it('is paged and counted after the rule', async () => {
    const { body } = await ask(french, { domain: 'orders', pipeline: [], limit: 1, offset: 1 })
    expect([body.data, body.pagination_info.pagination_info.total_rows, body.restricted]).toEqual([
      [{ country: 'FR', product: 'jam', amount: 2 }],
      2,
      true,
    ])
    const pivot = { name: 'pivot', index: ['country'], column_to_pivot: 'product', value_column: 'amount' }
    const pivoted = { domain: 'orders', pipeline: [{ ...pivot, agg_function: 'sum' }] }
    expect(await rows(french, pivoted)).toEqual([{ country: 'FR', jam: 2, tea: 1 }])
    expect(await rows(builder, pivoted)).toEqual([{ country: 'IT', tea: 3 }])
  })

  it('is joined with stored and derived domains here', async () => {
    const steps = [
      { name: 'join', right_pipeline: 'totals', type: 'left', on: [['code', 'country']] },
      { name: 'select', columns: ['name', 'total'] },
    ]
    expect(await rows(french, { domain: 'countries', pipeline: steps })).toEqual([
      { name: 'France', total: 3 },
      { name: 'Italy', total: null },
    ])
    const append = { name: 'append', pipelines: ['countries'] }
    const both = { domain: 'totals', pipeline: [{ name: 'rename', to_rename: [['country', 'code']] }, append] }
    expect(await rows(french, both)).toEqual([
      { code: 'FR', total: 3, name: null },
      { code: 'FR', total: null, name: 'France' },
      { code: 'IT', total: null, name: 'Italy' },
    ])
  })

  it('hides columns whatever is asked of them', async () => {
    for (const step of [
      { name: 'sort', columns: [{ column: 'margin', order: 'asc' }] },
      { name: 'filter', condition: { column: 'margin', operator: 'gt', value: 15 } },
      { name: 'customsql', query: 'SELECT margin FROM ##PREVIOUS_STEP##' },
    ]) {
      const { status, body } = await ask(french, { domain: 'orders', pipeline: [step] })
      expect([400, 422]).toContain(status)
      expect(JSON.stringify(body)).not.toMatch(/\b[1-4]0\b/)
    }
  })

  it('takes SQL of its own from builders, over which the rules hold', async () => {
    const all = native('SELECT country, amount * 2 AS double, margin FROM orders WHERE amount < {{ most }}')
    const asked = { domain: 'orders', pipeline: [all], parameters: { most: 4 } }
    expect(await rows(builder, asked)).toEqual([{ country: 'IT', double: 6 }])
    expect(await rows(builder, asked, '?stage=staging')).toHaveLength(3)
    const lost = await ask(builder, { domain: 'orders', pipeline: [native('SELECT amount FROM orders')] })
    expect([lost.status, lost.body.code, lost.body.errors[0].column]).toEqual([403, 'data_refused', 'country'])
    const twice = [
      native('SELECT * FROM orders'),
      { name: 'customsql', query: 'SELECT sum(amount)::INT AS n FROM ##PREVIOUS_STEP##' },
    ]
    expect(await rows(builder, { domain: 'orders', pipeline: twice })).toEqual([{ n: 3 }])
  })

  it.each([
    ['DELETE FROM orders', 400],
    ['SELECT * FROM orders; SELECT 1', 400],
    ['WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x', 400],
    ["SELECT country, pg_read_file('/etc/passwd') AS f FROM orders", 400],
    ['SELECT country FROM orders) AS native; --', 400],
    ['SELECT country FROM nothing_here', 422],
    ['SELECT * FROM ##PREVIOUS_STEP## UNION ALL SELECT * FROM orders', 422],
  ])('refuses SQL that does more: %s', async (query, status) => {
    const answer = await ask(builder, { domain: 'orders', pipeline: [native(query)] })
    expect([answer.status, answer.bytes.includes('root:')]).toEqual([status, false])
    expect(await rows(builder, { domain: 'orders', pipeline: [] })).toHaveLength(1)
  })

  it('runs the SQL of builders for viewers, never their own', async () => {
    const query = native('SELECT country, product FROM orders')
    const refused = await ask(french, { domain: 'orders', pipeline: [query] })
    expect([refused.status, refused.body.code]).toEqual([400, 'pipeline_invalid'])
    const pipeline = [{ name: 'domain', domain: 'orders' }, query]
    await builder.call('PUT', '/shop/query/products', { body: { name: 'products', pipeline } })
    await shop.derived('products', pipeline)
    await shop.permissions('products')
    await shop.publish()
    const seen = [
      { country: 'FR', product: 'tea' },
      { country: 'FR', product: 'jam' },
    ]
    expect((await french.call('POST', '/shop/query/products/execution', { body: {} })).body.data).toEqual(seen)
    expect(await rows(french, { domain: 'products', pipeline: [] })).toEqual(seen)
    const reference = { type: 'ref', uid: 'products' }
    const more = [{ name: 'domain', domain: reference }, native('SELECT country FROM orders')]
    expect((await ask(french, { pipeline: more })).status).toBe(400)
  })

  it('gives its sessions back, whatever becomes of a query', async () => {
    const twins = { domain: 'twins', pipeline: [{ name: 'customsql', query: 'SELECT * FROM ##PREVIOUS_STEP##' }] }
    for (let count = 0; count < 3; count++) {
      const { status, body } = await ask(french, { ...twins, offset: count })
      expect([status, body.detail]).toEqual([422, expect.stringContaining('"a" and "A" apart')])
    }
    expect(await rows(french, { domain: 'twins', pipeline: [] })).toEqual([{ a: 1, A: 2 }])
    expect(await rows(builder, { domain: 'orders', pipeline: [], limit: 9 })).toHaveLength(1)
  })

  it('says what is wrong with it, and no secret', async () => {
    await shop.live('missing', { connection, query: { table: 'nothing', schema: source.schema } })
    const closed = await shop.connection('postgres', { ...source.config, port: 1 })
    await shop.live('closed', { connection: closed, query: { table: 'orders' } })
    const endless = { sql: 'select count(*) as n from generate_series(1, 100000000000) as n' }
    await shop.live('endless', { connection, query: endless })
    const answers: Answer[] = []
    for (const domain of ['missing', 'closed', 'endless']) {
      answers.push(await ask(builder, { domain, pipeline: [] }, '?stage=staging'))
    }
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
      [422, 'query_failed'],
      [502, 'source_failed'],
      [504, 'source_timeout'],
    ])
    for (const { bytes } of answers) expect(bytes.toString()).not.toContain('marker-password')
  })
})
