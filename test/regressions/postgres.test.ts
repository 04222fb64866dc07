import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AppBuilder, anAppBuilder, aPostgresSource, type PostgresSource } from '../builders/live-app.ts'
import { aShop, ask, custom, expectNothingLearned, expectRefused, inCountries, rowsOf, type Shop } from './shop.ts'

const url = process.env.LAPUTA_TEST_POSTGRES_URL
const tables = `
  CREATE TABLE orders (country text, product text, amount integer);
  INSERT INTO orders VALUES ('FR', 'tea', 1), ('FR', 'jam', 2), ('IT', 'italian-only', 7000);
  CREATE TABLE vault (word text);
  INSERT INTO vault VALUES ('vault-word');`

describe.skipIf(!url)('SQL of a connection', () => {
  let source: PostgresSource
  let shop: Shop
  let app: AppBuilder

  beforeAll(async () => {
    source = await aPostgresSource(url ?? '', tables)
    shop = await aShop({ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.0/8,localhost' })
    app = anAppBuilder(shop.instance, 'shop')
    const connection = await app.connection('postgres', source.config)
    await app.live('orders', { connection, query: { table: 'orders', schema: source.schema } })
    await shop.rule('orders', [...custom(inCountries), { scope: 'USER_GROUP', group: 'bosses', effect: 'SEE_ALL' }])
  })
  afterAll(async () => {
    await shop.close()
    await source.close()
  })

  const query = (sql: string) => ({
    domain: 'orders',
    pipeline: [{ name: 'customsql', query: sql.replace(/\b(orders|vault)\b/g, `${source.schema}.$1`) }],
  })

  it('CVE-2025-48912 (superset), on PostgreSQL: a reader’s own SQL reaches no table, also not with the rule’s column made up', async () => {
    for (const sql of [
      "SELECT 'FR' AS country, word FROM vault",
      "SELECT 'FR' AS country, product, amount FROM orders",
      'SELECT country, (SELECT max(word) FROM vault) AS word FROM orders',
      "SELECT 'FR' AS country, word FROM vault -- ##PREVIOUS_STEP##",
      'SELECT * FROM ##PREVIOUS_STEP##, vault',
      'SELECT *, (SELECT max(word) FROM vault) AS word FROM ##PREVIOUS_STEP##',
    ]) {
      expectRefused(await ask(shop.french, query(sql)))
    }
    expect(await rowsOf(shop.french, query('SELECT product FROM ##PREVIOUS_STEP## ORDER BY 1'))).toEqual([
      { product: 'jam' },
      { product: 'tea' },
    ])
  })

  it('CVE-2026-23984, CVE-2024-53947, CVE-2025-55674 (superset), on PostgreSQL: builders’ SQL reads, and does nothing else', async () => {
    const builder = await shop.instance.aUser({
      privileges: { shop: ['contribute'] },
      attributes: { countries: ['FR'] },
    })
    for (const sql of [
      'DELETE FROM orders',
      'WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone',
      'SELECT * FROM orders; DELETE FROM orders',
      'EXPLAIN ANALYZE DELETE FROM orders',
      'SELECT country INTO x FROM orders',
      'SELECT country FROM orders) AS x; DELETE FROM orders; --',
      'SELECT country FROM orders FOR UPDATE',
      "SELECT country, pg_read_file('/etc/passwd') AS f FROM orders",
      `SELECT country, "pg_read_file"('/etc/passwd') AS f FROM orders`,
      "SELECT country, pg_catalog.PG_READ_FILE/**/('/etc/passwd') AS f FROM orders",
      `SELECT country, U&"pg\\005fread_file"('/etc/passwd') AS f FROM orders`,
      "SELECT country, query_to_xml('SELECT 1', true, true, '') AS f FROM orders",
      "SELECT country, table_to_xml_and_xmlschema('vault', true, true, '') AS f FROM orders",
      "SELECT country, query_to_xml_and_xmlschema('SELECT 1', true, true, '') AS f FROM orders",
      "SELECT country, set_config('transaction_read_only', 'off', false) AS f FROM orders",
      "SELECT country, dblink('host=127.0.0.1', 'SELECT 1') AS f FROM orders",
      'SELECT country, pg_sleep(60) AS f FROM orders',
      "SELECT country, lo_import('/etc/passwd') AS f FROM orders",
    ]) {
      expectRefused(await ask(builder, query(sql)))
    }
    const honest = query(`SELECT country, amount, 'DELETE; pg_sleep(9)' AS words FROM orders /* ; DROP */ -- end`)
    expect(await rowsOf(builder, honest)).toHaveLength(2)
    expect(await rowsOf(shop.boss, { domain: 'orders', pipeline: [] })).toHaveLength(3)
  })

  it('metabase (SQL questions are not filtered), on PostgreSQL: the rule stands around a saved statement, or refuses it', async () => {
    const save = async (uid: string, sql: string) => {
      const { domain, pipeline } = query(sql)
      const body = { name: uid, pipeline: [{ name: 'domain', domain }, ...pipeline] }
      const { status } = await shop.builder.call('PUT', `/shop/query/${uid}`, { body })
      expect(status).toBe(200)
      await app.publish()
    }
    const execute = (caller: Shop['french'], uid: string) =>
      caller.call('POST', `/shop/query/${uid}/execution`, { body: {} })
    await save('whole', 'SELECT country, product FROM orders')
    await save('counted', 'SELECT count(*) AS n FROM orders')
    const [own, all] = [await execute(shop.french, 'whole'), await execute(shop.boss, 'whole')]
    expectNothingLearned(own)
    expect([own.status, own.body.data?.length]).toEqual([200, 2])
    expect([all.status, all.body.data?.length]).toEqual([200, 3])
    expectRefused(await execute(shop.french, 'counted'), 403)
    expect((await execute(shop.boss, 'counted')).body.data).toEqual([{ n: 3 }])
  })
})
