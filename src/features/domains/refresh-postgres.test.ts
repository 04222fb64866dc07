import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Instance } from '../../../test/builders/instance.ts'
import { type AppBuilder, anAppBuilder, aPostgresSource, type PostgresSource } from '../../../test/builders/live-app.ts'

/** How long to wait for what happens in the background. */
const soon = { timeout: 15_000 }

const url = process.env.LAPUTA_TEST_POSTGRES_URL
const tables = `
  CREATE TABLE goods (id bigint, name text, price numeric(12, 3), day date, at timestamptz, ok boolean, ratio real);
  INSERT INTO goods VALUES
    (1, 'thé', 1.5, '2024-02-29', '2024-03-31 00:30:00+00', true, 0.5),
    (9007199254740991, NULL, NULL, NULL, NULL, NULL, NULL),
    (3, '', -0.125, '1969-12-31', '1969-12-31 23:59:59.999+00', false, -1);
  CREATE TABLE nothing (a integer, b text);
  CREATE VIEW slow_goods AS SELECT goods.* FROM goods, (SELECT pg_sleep(1.5)) AS pause;
  CREATE VIEW endless_goods AS SELECT goods.* FROM goods, (SELECT pg_sleep(60)) AS pause;`

describe.skipIf(!url)('a stored domain that is read from PostgreSQL', () => {
  let source: PostgresSource
  let instance: Instance
  let shop: AppBuilder
  let connection: string

  beforeAll(async () => {
    source = await aPostgresSource(url ?? '', tables)
    instance = await anInstance({
      LAPUTA_CONNECTIONS__ALLOW: '127.0.0.0/8,localhost',
      LAPUTA_CONNECTIONS__TIMEOUT: '1 s',
      LAPUTA_JOBS__ISOLATE: 'never',
    })
    await instance.anApp({ id: 'shop' })
    shop = anAppBuilder(instance, 'shop')
    connection = await shop.connection('postgres', source.config)
  })
  afterAll(async () => {
    await instance.close()
    await source.close()
  })

  const query = (table: string) => ({ table, schema: source.schema })
  const stored = (domain: string, table: string) =>
    instance.admin.call('PUT', `/shop/data/domains/${domain}`, {
      body: { kind: 'stored', connection, query: query(table) },
    })
  const refresh = (domains: string[], headers: Record<string, string> = { prefer: 'wait=30' }) =>
    instance.admin.call('POST', '/shop/data/preprocess', { body: { domains }, headers })
  const read = (domain: string) =>
    instance.admin.call('POST', '/shop/data?stage=staging', { body: { domain, pipeline: [] } })

  it('has the rows and columns that a live one has', async () => {
    for (const table of ['goods', 'nothing']) {
      await stored(`${table}-kept`, table)
      await shop.live(table, { connection, query: query(table) })
      const { status, body } = await refresh([`${table}-kept`])
      expect(status, JSON.stringify(body)).toBe(200)
      const [kept, live] = [await read(`${table}-kept`), await read(table)]
      expect(kept.body.columns).toEqual(live.body.columns)
      expect(kept.body.data).toEqual(live.body.data)
      expect(kept.body.data).toHaveLength(table === 'goods' ? 3 : 0)
    }
  })

  it('may take longer to read than somebody waits for an answer', async () => {
    await stored('slow-kept', 'slow_goods')
    await shop.live('slow', { connection, query: query('slow_goods') })
    expect((await read('slow')).status).toBe(504)
    expect((await refresh(['slow-kept'])).status).toBe(200)
    expect((await read('slow-kept')).body.data).toHaveLength(3)
  })

  it('is no longer read once the refresh is cancelled', async () => {
    await stored('endless', 'endless_goods')
    const { body } = await refresh(['endless'], {})
    await expect.poll(() => source.running('endless_goods'), soon).toHaveLength(1)
    await instance.admin.call('POST', `/shop/operations/${body.operation_id}/cancel`)
    await expect.poll(() => source.running('endless_goods'), soon).toHaveLength(0)
    const state = async () => (await instance.admin.call('GET', `/shop/operations/${body.operation_id}`)).body.state
    await expect.poll(state, soon).toBe('cancelled')
  })
})
