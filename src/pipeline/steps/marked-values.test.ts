// biome-ignore-all lint/suspicious/noThenProperty: clients call the field so, and what stands there is no function.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { compileSql, duckdbDialect, mapDomainSteps, parsePipeline, renderPipeline, renderSql } from '../index.ts'

/** What ends quoting, comments and statements somewhere, around a word that must not reach a text. */
const hostile = (word: string) => `MARK'"\`]);--/*\\$1 %s ? ${word} \u{1F600}`
const column = hostile('column')
const created = hostile('new')
const value = hostile('value')
const short = hostile('short').slice(0, 12)

let tables: MemoryTables

beforeAll(async () => {
  tables = await memoryTables({
    [column]: {
      columns: { [column]: 'text', n: 'integer' },
      rows: [
        [value, 1],
        [null, null],
      ],
    },
  })
})
afterAll(() => tables.close())

const isValue = { column, operator: 'eq', value }
const steps: { readonly name: string; readonly [field: string]: unknown }[] = [
  { name: 'absolutevalue', column: 'n', new_column: created },
  { name: 'comparetext', new_column_name: created, str_col_1: column, str_col_2: column },
  { name: 'concatenate', columns: [column, 'n'], separator: value, new_column_name: created },
  { name: 'convert', columns: [column], data_type: 'date' },
  { name: 'duplicate', column, new_column_name: created },
  { name: 'fillna', columns: [column], value },
  { name: 'ifthenelse', new_column: created, if: isValue, then: JSON.stringify(value), else: JSON.stringify(short) },
  { name: 'lowercase', column },
  { name: 'replace', search_column: column, to_replace: [[value, short]] },
  { name: 'replacetext', search_column: column, old_str: short, new_str: value },
  { name: 'split', column, delimiter: short, number_cols_to_keep: 2 },
  { name: 'substring', column, start_index: 1, end_index: 4, new_column_name: created },
  { name: 'text', text: value, new_column: created },
  { name: 'trim', columns: [column] },
  { name: 'uppercase', column },
]

describe('names and values of people', () => {
  it.each(steps)('never stand in the text of $name, which runs with them', async (step) => {
    const pipeline = [{ name: 'domain', domain: column }, step]
    const now = new Date(0)
    const rendered = renderPipeline(parsePipeline(pipeline, {}), {}, now)
    const guarded = mapDomainSteps(rendered, (found) => ({ ...found, rule: { always: true } }))
    const compile = () => {
      const compiled = compileSql({ pipeline: guarded }, { source: tables.source, dialect: duckdbDialect, now })
      return renderSql(compiled.rows({ offset: 0, limit: null }), duckdbDialect.placeholder).text
    }
    expect(compile()).not.toContain('MARK')
    expect(compile()).toBe(compile())
    expect((await tables.ask(pipeline)).rows).toHaveLength(2)
  })
})
