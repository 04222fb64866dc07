import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aShop, ask, expectNothingLearned, expectRefused, rowsOf, type Shop, salesOf } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await aShop()
})
afterAll(() => shop.close())

const sql = (query: string) => ({ name: 'customsql', query })
const attack = (query: string) => ask(shop.french, { domain: 'sales', pipeline: [sql(query)] })

describe('SQL over the rows so far', () => {
  it('CVE-2025-48912 (superset): a sub-query in an expression reads no other table', async () => {
    for (const other of ['vault', 'sales', 'memory.main.vault', 'main.salaries', '"vault"', 'rows', 'v1.rows']) {
      expectRefused(await attack(`SELECT amount, (SELECT count(*) FROM ${other}) AS n FROM ##PREVIOUS_STEP##`))
    }
    for (const formula of ['(SELECT max(amount) FROM sales)', 'amount + (SELECT 1)', '1; SELECT 1']) {
      expectRefused(
        await ask(shop.french, { domain: 'sales', pipeline: [{ name: 'formula', new_column: 'x', formula }] }),
      )
    }
    const total = 'SELECT amount, (SELECT sum(amount) FROM ##PREVIOUS_STEP##)::BIGINT AS total FROM ##PREVIOUS_STEP##'
    expect(await salesOf(shop.french, sql(`${total} ORDER BY amount`))).toEqual([
      { amount: 1, total: 3 },
      { amount: 2, total: 3 },
    ])
  })

  it('CVE-2024-39887 (superset): functions of the database reach nothing beside the rows', async () => {
    const calls = [
      "read_text('/etc/passwd')",
      "read_blob('/etc/passwd')",
      "read_csv('/etc/passwd')",
      "parquet_metadata('/etc/passwd')",
      "glob('/etc/*')",
      "sniff_csv('/etc/passwd')",
      "query('SELECT 1 AS leaked')",
      "query_table(['vault'])",
      "sqlite_scan('/etc/passwd', 'x')",
    ]
    for (const call of calls) {
      const answer = await attack(`SELECT * FROM ${call}, ##PREVIOUS_STEP##`)
      if (call.startsWith('query(')) expectNothingLearned(answer)
      else expectRefused(answer)
      expect(JSON.stringify(answer.body)).not.toContain('root:')
    }
    expectRefused(await attack("SELECT getenv('PATH') AS x FROM ##PREVIOUS_STEP##"))
    expect(await salesOf(shop.french, sql('SELECT upper(product) AS p FROM ##PREVIOUS_STEP## ORDER BY 1'))).toEqual([
      { p: 'JAM' },
      { p: 'TEA' },
    ])
  })

  it('CVE-2024-53947 (superset): another spelling of a refused function is refused too', async () => {
    const spellings = [
      `"read_text"('/etc/passwd')`,
      `READ_TEXT('/etc/passwd')`,
      `read_text/**/('/etc/passwd')`,
      `read_text -- (\n('/etc/passwd')`,
      `system.main.read_text('/etc/passwd')`,
      `main."Read_Text"('/etc/passwd')`,
      `'/etc/passwd'`,
      `"/etc/passwd"`,
    ]
    for (const spelling of spellings) {
      expectRefused(await attack(`SELECT * FROM ${spelling} AS t, ##PREVIOUS_STEP##`))
    }
    const quoted = sql(`SELECT "product" /* read_text( */ FROM ##PREVIOUS_STEP## WHERE product <> 'read_text(' LIMIT 1`)
    expect(await salesOf(shop.french, quoted)).toHaveLength(1)
  })

  it('CVE-2025-55674 (superset): functions that no list of refused ones knows find the database locked', async () => {
    for (const query of [
      "SELECT * FROM read_csv_auto('/etc/passwd'), ##PREVIOUS_STEP##",
      "SELECT * FROM read_json_objects('/etc/passwd'), ##PREVIOUS_STEP##",
      "SELECT * FROM read_ndjson('/etc/passwd'), ##PREVIOUS_STEP##",
      "SELECT * FROM parquet_scan('/etc/passwd'), ##PREVIOUS_STEP##",
      "SELECT * FROM parquet_schema('/etc/passwd'), ##PREVIOUS_STEP##",
      "SELECT * FROM read_text(['/etc/passwd', '/etc/hosts']), ##PREVIOUS_STEP##",
      "SELECT * FROM read_csv('https://example.com/x.csv'), ##PREVIOUS_STEP##",
      "SELECT * FROM read_duckdb('/etc/passwd'), ##PREVIOUS_STEP##",
    ]) {
      expectRefused(await attack(query))
    }
    const tables = sql('SELECT DISTINCT table_name AS t FROM duckdb_tables(), ##PREVIOUS_STEP## ORDER BY 1')
    const [{ t } = {}] = await salesOf(shop.french, tables)
    expect(t).toBe('previous_step')
    expect(await salesOf(shop.french, tables)).toHaveLength(1)
  })

  it('CVE-2026-23984 (superset): whatever is not one reading statement is refused, and nothing was written', async () => {
    for (const query of [
      'DELETE FROM ##PREVIOUS_STEP##',
      '/* SELECT */ DELETE FROM previous_step -- ##PREVIOUS_STEP##',
      'SELECT 1 FROM ##PREVIOUS_STEP##; DELETE FROM previous_step',
      'WITH x AS (DELETE FROM previous_step RETURNING *) SELECT * FROM x, ##PREVIOUS_STEP##',
      'EXPLAIN ANALYZE DELETE FROM previous_step -- ##PREVIOUS_STEP##',
      'CREATE TABLE x AS SELECT * FROM ##PREVIOUS_STEP##',
      "COPY (SELECT * FROM ##PREVIOUS_STEP##) TO '/tmp/laputa-regression.csv'",
      "ATTACH '/tmp/laputa-regression.db' AS x; SELECT * FROM ##PREVIOUS_STEP##",
      "SET enable_external_access = true; SELECT * FROM read_text('/etc/passwd'), ##PREVIOUS_STEP##",
      'PRAGMA database_list -- ##PREVIOUS_STEP##',
      'INSTALL httpfs; SELECT * FROM ##PREVIOUS_STEP##',
      'CALL pragma_version() -- ##PREVIOUS_STEP##',
      'INSERT INTO previous_step SELECT * FROM ##PREVIOUS_STEP##',
    ]) {
      expectRefused(await attack(query))
    }
    const words = sql("SELECT product, 'DELETE; DROP' AS words FROM ##PREVIOUS_STEP## -- ; DELETE\n ORDER BY 1;")
    expect(await salesOf(shop.french, words)).toHaveLength(2)
    expect(await salesOf(shop.boss)).toHaveLength(4)
  })

  it('metabase (SQL questions are not filtered): a question in SQL reads the rows of who asks', async () => {
    const question = sql('SELECT count(*) AS n, sum(amount)::BIGINT AS total FROM ##PREVIOUS_STEP##')
    expect(await salesOf(shop.french, question)).toEqual([{ n: 2, total: 3 }])
    expect(await salesOf(shop.bare, question)).toEqual([{ n: 0, total: null }])
    expect(await salesOf(shop.boss, question)).toEqual([{ n: 4, total: 47003 }])
  })

  it('toucan (values in quotes without escaping): a value with quotes and braces stays a value', async () => {
    const value = `tea' OR '1'='1`
    const filter = { name: 'filter', condition: { column: 'product', operator: 'eq', value: '{{ p }}' } }
    const query = sql('SELECT product FROM ##PREVIOUS_STEP## WHERE product = {{ p }}')
    for (const p of [
      value,
      `tea" or True or "`,
      '{{ user.attributes.countries }}',
      "tea') UNION SELECT 'x",
      '{% raw %}',
    ]) {
      for (const step of [filter, query]) {
        const answer = await ask(shop.french, { domain: 'sales', pipeline: [step], parameters: { p } })
        expectNothingLearned(answer)
        expect([answer.status, answer.body.data]).toEqual([200, []])
      }
    }
    for (const step of [filter, query]) {
      expect(await rowsOf(shop.french, { domain: 'sales', pipeline: [step], parameters: { p: 'tea' } })).toHaveLength(1)
    }
  })

  it('toucan (quotes in an attribute): a hostile attribute widens no rule', async () => {
    for (const country of ["FR' or '1'='1", 'FR") or True or ("', '{{ user.groups }}', '.*', { $ne: null }]) {
      const user = await shop.instance.aUser({ privileges: { shop: ['view'] }, attributes: { countries: country } })
      expect(await salesOf(user)).toEqual([])
    }
    const fair = await shop.instance.aUser({
      privileges: { shop: ['view'] },
      attributes: { countries: ["O'FR", 'FR'] },
    })
    expect(await salesOf(fair)).toHaveLength(2)
  })
})
