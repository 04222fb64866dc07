import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import {
  compileSql,
  duckdbDialect,
  mapDomainSteps,
  maxPivotColumns,
  parsePipeline,
  type Query,
  renderPipeline,
  settleQuery,
  type Value,
} from '../index.ts'

const hostile = 'a"b`c\'];-- $where /* 😀'
let tables: MemoryTables

beforeAll(async () => {
  tables = await memoryTables({
    pay: {
      columns: {
        who: 'text',
        team: 'integer',
        month: 'text',
        amount: 'integer',
        day: 'date',
        share: 'number',
        ok: 'boolean',
      },
      rows: [
        ['Zoé', 1, 'JAN', 10, new Date('2024-01-01'), 0.5, true],
        ['Zoé', 1, 'JAN', 4, new Date('2024-01-01T10:30:00Z'), 2, false],
        ['Al', 1, 'FEB', 3, new Date('2024-01-01T10:30:00.250Z'), 1e21, null],
        ['Al', 2, hostile, null, null, 0.5, true],
        [null, 2, 'JAN', 7, new Date('2023-12-31'), null, true],
        ['Null', 2, null, 9, null, null, null],
      ],
    },
    many: { columns: { n: 'integer' }, rows: Array.from({ length: 3 }, (_, n) => [n]) },
    empty: { columns: { who: 'text', month: 'text', amount: 'integer' }, rows: [] },
  })
})
afterAll(() => tables.close())

const pivot = (fields: object = {}) => ({
  name: 'pivot',
  index: ['who'],
  column_to_pivot: 'month',
  value_column: 'amount',
  agg_function: 'sum',
  ...fields,
})

function from(domain: string, ...steps: object[]) {
  return tables.ask([{ name: 'domain', domain }, ...steps])
}

async function refusal(domain: string, ...steps: object[]): Promise<readonly ProblemItem[]> {
  try {
    await from(domain, ...steps)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

function queryOf(...steps: object[]): Query {
  const pipeline = renderPipeline(parsePipeline([{ name: 'domain', domain: 'pay' }, ...steps], {}), {}, new Date(0))
  return { pipeline: mapDomainSteps(pipeline, (step) => ({ ...step, rule: { always: true } })) }
}

describe('pivot', () => {
  it('gives a row for each index and a column for each value, both in order', async () => {
    expect(await from('pay', pivot())).toEqual({
      columns: [
        { name: 'who', type: 'text' },
        { name: 'FEB', type: 'integer' },
        { name: 'JAN', type: 'integer' },
        { name: hostile, type: 'integer' },
      ],
      rows: [
        ['Al', 3, null, 0],
        ['Null', null, null, null],
        ['Zoé', null, 14, null],
        [null, null, 7, null],
      ],
    })
  })

  it('has five figures, of which a missing one is null', async () => {
    const figures = async (agg_function: string, value_column = 'amount') => {
      const { columns, rows } = await from('pay', pivot({ agg_function, value_column, index: ['team', 'team'] }))
      return [columns[1]?.type, ...rows]
    }
    expect(await figures('avg')).toEqual(['number', [1, 3, 7, null], [2, null, 7, null]])
    expect(await figures('count')).toEqual(['integer', [1, 1, 2, null], [2, null, 1, 0]])
    expect(await figures('min', 'who')).toEqual(['text', [1, 'Al', 'Zoé', null], [2, null, null, 'Al']])
    expect(await figures('max', 'ok')).toEqual(['boolean', [1, null, true, null], [2, null, true, true]])
  })

  it('names columns after values of any type, sorted as values', async () => {
    const names = async (column_to_pivot: string) =>
      (await from('pay', pivot({ column_to_pivot, index: ['month'] }))).columns.slice(1).map(({ name }) => name)
    expect(await names('day')).toEqual(['2023-12-31', '2024-01-01', '2024-01-01 10:30:00', '2024-01-01 10:30:00.250'])
    expect(await names('share')).toEqual(['0.5', '2', '1e+21'])
    expect(await names('ok')).toEqual(['false', 'true'])
    expect(await names('team')).toEqual(['1', '2'])
    const days = (await from('pay', pivot({ column_to_pivot: 'day', index: ['team'] }))).rows
    expect(days).toEqual([
      [1, null, 10, 4, 3],
      [2, 7, null, null, null],
    ])
  })

  it('knows its columns for the steps after it, another pivot included, and inside of join and append', async () => {
    const kept = await from('pay', pivot(), { name: 'formula', new_column: 'both', formula: 'FEB + JAN' })
    expect(kept.columns.at(-1)).toEqual({ name: 'both', type: 'integer' })
    const twice = pivot({ index: ['FEB'], column_to_pivot: 'who', value_column: 'JAN' })
    expect((await from('pay', pivot(), twice)).columns.map(({ name }) => name)).toEqual(['FEB', 'Al', 'Null', 'Zoé'])
    const inside = [{ name: 'domain', domain: 'pay' }, pivot()]
    const join = { name: 'join', type: 'left', on: [['who', 'who']], right_pipeline: inside }
    const joined = await from('pay', { name: 'select', columns: ['who'] }, join)
    expect(joined.columns.map(({ name }) => name)).toEqual(['who', 'FEB', 'JAN', hostile])
    expect(joined.rows).toHaveLength(6)
    const appended = await from('empty', {
      name: 'append',
      pipelines: [[...inside, { name: 'append', pipelines: [inside] }]],
    })
    expect(appended.rows).toHaveLength(8)
  })

  it('sees only the rows that the rules leave', async () => {
    const rules = { pay: { column: 'month', operator: 'eq', value: 'FEB' } } as const
    const asked = await tables.ask([{ name: 'domain', domain: 'pay' }, pivot()], { rules })
    expect(asked.columns.map(({ name }) => name)).toEqual(['who', 'FEB'])
    expect(asked.rows).toEqual([['Al', 3]])
  })

  it('works on no rows', async () => {
    expect(await from('empty', pivot())).toEqual({ columns: [{ name: 'who', type: 'text' }], rows: [] })
  })

  it('refuses too many columns, clashes, what is missing and what cannot be added', async () => {
    const values = Array.from({ length: maxPivotColumns + 1 }, (_, index): Value => String(index))
    const settle = (found: readonly Value[]) => settleQuery(queryOf(pivot()), async () => found)
    await expect(settle(values)).rejects.toMatchObject({
      code: 'pipeline_invalid',
      errors: [{ column: 'month', step: { index: 1, name: 'pivot' } }],
    })
    await expect(settle([null, ...values.slice(1)])).resolves.toMatchObject({ pipeline: [{}, { name: 'pivot' }] })
    expect(
      await refusal('pay', { name: 'rename', to_rename: [['who', 'JAN']] }, pivot({ index: ['JAN'] })),
    ).toMatchObject([{ column: 'JAN', step: { index: 2, name: 'pivot' } }])
    expect(await refusal('pay', pivot({ index: ['whom'] }))).toMatchObject([
      { column: 'whom', nearest: ['who'], step: { index: 1, name: 'pivot' } },
    ])
    expect(await refusal('pay', pivot({ value_column: 'who' }))).toMatchObject([{ column: 'who' }])
    expect(await refusal('pay', pivot({ index: [] }))).toMatchObject([{ path: '/pipeline/1/index' }])
    expect(await refusal('pay', pivot({ agg_function: 'first' }))).toMatchObject([{ path: '/pipeline/1/agg_function' }])
    expect(await refusal('pay', pivot({ values: ['JAN'] }))).toMatchObject([{ path: '/pipeline/1/values' }])
  })

  it('cannot be compiled before its columns are known, and costs other queries nothing', async () => {
    const options = { source: tables.source, dialect: duckdbDialect, now: new Date(0) }
    expect(() => compileSql(queryOf(pivot()), options)).toThrow(expect.objectContaining({ code: 'internal' }))
    const plain = queryOf({ name: 'select', columns: ['who'] })
    const never = () => Promise.reject(new Error('nothing to ask'))
    expect(await settleQuery(plain, never)).toBe(plain)
  })

  it('asks for the values in a query of its own, and compiles to the same text in whichever order they come', async () => {
    const asked: string[] = []
    const settled = async (found: readonly Value[]) =>
      settleQuery(queryOf(pivot()), async (question) => {
        asked.push(JSON.stringify(question))
        return found
      })
    expect(await settled(['b', null, 'a'])).toEqual(await settled(['a', 'b']))
    expect(asked).toHaveLength(2)
    expect(asked[0]).toContain('"rule":{"always":true}')
  })
})
