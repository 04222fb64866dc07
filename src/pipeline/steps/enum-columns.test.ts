// biome-ignore-all lint/suspicious/noThenProperty: clients call the field so, and what stands there is no function.
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type ColumnType,
  compileSql,
  duckdbDialect,
  mapDomainSteps,
  parsePipeline,
  renderPipeline,
  renderSql,
} from '../index.ts'

let instance: DuckDBInstance
let connection: DuckDBConnection

/** The same table twice: `plain` with texts, `listed` with the same texts as two ENUMs that have their values in other orders. */
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  connection = await instance.connect()
  await connection.run(`CREATE TYPE words AS ENUM ('b', ' Éa,x ', 'a', '12', '2024-01-31')`)
  await connection.run(`CREATE TYPE other AS ENUM ('2024-01-31', 'a', 'b')`)
  await connection.run('CREATE TABLE main.plain (n BIGINT, t VARCHAR, u VARCHAR)')
  await connection.run(
    `INSERT INTO main.plain VALUES (0, 'b', 'b'), (1, ' Éa,x ', 'a'), (2, NULL, NULL), (3, 'a', 'b'), (4, '12', NULL), (5, '2024-01-31', '2024-01-31')`,
  )
  await connection.run(
    'CREATE TABLE main.listed AS SELECT n, CAST(t AS words) AS t, CAST(u AS other) AS u FROM main.plain',
  )
})
afterAll(() => {
  connection.closeSync()
  instance.closeSync()
})

async function answers(domain: string, step: object): Promise<unknown[][]> {
  const now = new Date(0)
  const rendered = renderPipeline(parsePipeline([{ name: 'domain', domain }, step], {}), {}, now)
  const pipeline = mapDomainSteps(rendered, (found) => ({ ...found, rule: { always: true } }))
  const text = (name: string): { id: string; name: string; type: ColumnType } => ({
    id: `"${name}"`,
    name,
    type: 'text',
  })
  const source = { table: { texts: [`main.${domain}`], values: [] }, columns: [text('t'), text('u')], rowOrder: '"n"' }
  const compiled = compileSql({ pipeline }, { source: () => source, dialect: duckdbDialect, now })
  const rows = renderSql(compiled.rows({ offset: 0, limit: null }), duckdbDialect.placeholder)
  const values = rows.values.map(({ value }) => (value instanceof Date ? value.toISOString() : value))
  return (await connection.runAndReadAll(rows.text, values)).getRowsJson()
}

describe('columns of texts that DuckDB holds as ENUM', () => {
  const steps: { readonly name: string; readonly [field: string]: unknown }[] = [
    { name: 'comparetext', new_column_name: 'c', str_col_1: 't', str_col_2: 'u' },
    { name: 'concatenate', columns: ['t', 'u'], separator: '-', new_column_name: 'c' },
    ...['integer', 'float', 'text', 'date', 'boolean'].map((data_type) => ({
      name: 'convert',
      columns: ['t'],
      data_type,
    })),
    { name: 'duplicate', column: 't', new_column_name: 'c' },
    { name: 'fillna', columns: ['t', 'u'], value: 'not listed' },
    { name: 'ifthenelse', new_column: 'c', if: { column: 't', operator: 'gt', value: 'a' }, then: 't', else: 'u' },
    {
      name: 'ifthenelse',
      new_column: 'c',
      if: { column: 't', operator: 'eq', value: 'z' },
      then: 't',
      else: "t + 'z'",
    },
    { name: 'lowercase', column: 't' },
    { name: 'uppercase', column: 't' },
    {
      name: 'replace',
      search_column: 't',
      to_replace: [
        ['b', 'not listed'],
        ['z', 'b'],
        [null, 'a'],
      ],
    },
    { name: 'replacetext', search_column: 't', old_str: 'a', new_str: 'not listed' },
    { name: 'split', column: 't', delimiter: ',', number_cols_to_keep: 2 },
    { name: 'substring', column: 't', start_index: 2, end_index: -2 },
    { name: 'text', text: 'not listed', new_column: 't' },
    { name: 'trim', columns: ['t', 'u'] },
  ]

  it.each(steps)('answer $name like any other text', async (step) => {
    const plain = await answers('plain', step)
    expect(plain).toHaveLength(6)
    expect(await answers('listed', step)).toEqual(plain)
  })
})
