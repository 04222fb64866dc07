// biome-ignore-all lint/suspicious/noThenProperty: clients call the field so, and what stands there is no function.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import type { TemplateVariables, Value } from '../index.ts'

let tables: MemoryTables

beforeAll(async () => {
  tables = await memoryTables({
    people: {
      columns: {
        id: 'integer',
        name: 'text',
        'a "b"': 'text',
        age: 'integer',
        score: 'number',
        born: 'date',
        ok: 'boolean',
      },
      rows: [
        [1, 'Zoë', 'x', 42, 1.5, new Date('1982-01-05T10:00:00Z'), true],
        [2, null, 'y', null, null, null, null],
        [3, 'Bob', null, 20, 0, new Date('2004-06-01'), false],
      ],
    },
    empty: { columns: { id: 'integer' }, rows: [] },
  })
})
afterAll(() => tables.close())

const isAdult = { column: 'age', operator: 'gt', value: 30 }

function choose(then: unknown, otherwise: unknown, more: object = {}) {
  return { name: 'ifthenelse', newColumn: 'c', if: isAdult, then, else: otherwise, ...more }
}

function from(steps: readonly object[], variables: TemplateVariables = {}) {
  return tables.ask([{ name: 'domain', domain: 'people' }, ...steps], { variables })
}

/** The type and the values of the new column. */
async function chosen(then: unknown, otherwise: unknown, more: object = {}): Promise<[string | undefined, ...Value[]]> {
  const { columns, rows } = await from([choose(then, otherwise, more)])
  expect(columns.at(-1)?.name).toBe('c')
  return [columns.at(-1)?.type, ...rows.map((row) => row.at(-1) ?? null)]
}

async function refusal(...steps: object[]): Promise<readonly ProblemItem[]> {
  try {
    await from(steps)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('ifthenelse', () => {
  it('takes formulas, in which null conditions do not hold', async () => {
    expect(await chosen("'old'", '"young"')).toEqual(['text', 'old', 'young', 'young'])
    expect(await chosen(1, 0)).toEqual(['integer', 1, 0, 0])
    expect(await chosen('age * 2', '-1')).toEqual(['integer', 84, -1, -1])
    expect(await chosen('[a "b"] + name', 'name')).toEqual(['text', 'xZoë', null, 'Bob'])
    expect(await chosen(true, 'ok')).toEqual(['boolean', true, null, false])
    expect(await chosen('born', 'null')).toEqual(['date', new Date('1982-01-05T10:00:00Z'), null, null])
  })

  it('reads texts that are quoted as in JSON', async () => {
    expect(await chosen('"\\u00e9\\/\\"\\\\n"', ' "b" ')).toEqual(['text', 'é/"\\n', 'b', 'b'])
    expect(await chosen("\"it's\" ' b'", '""')).toEqual(['text', "it's b", '', ''])
  })

  it('gives one type: integers become numbers, null takes the other type', async () => {
    expect(await chosen('age', 'score')).toEqual(['number', 42, null, 0])
    expect(await chosen('age / 4', 'age')).toEqual(['number', 10.5, null, 20])
    expect(await chosen(null, 'score')).toEqual(['number', null, null, 0])
    expect(await chosen('null + 1', 'null')).toEqual(['integer', null, null, null])
    expect(await chosen('null', null)).toEqual(['text', null, null, null])
    const nested = { if: { column: 'id', operator: 'eq', value: 3 }, then: 'null', else: 'score' }
    expect(await chosen(7, nested)).toEqual(['number', 7, null, null])
  })

  it('refuses branches of different types, and names them', async () => {
    const wrong: [unknown, unknown, string, string][] = [
      [1, "'a'", 'integer', 'text'],
      ['born', 'name', 'date', 'text'],
      [true, 0, 'boolean', 'integer'],
      ['null', { if: isAdult, then: 'age', else: 'name' }, 'integer', 'text'],
    ]
    for (const [then, otherwise, ...types] of wrong) {
      const [problem] = await refusal(choose(then, otherwise))
      expect(problem).toMatchObject({ path: '/pipeline/1', step: { index: 1, name: 'ifthenelse' } })
      for (const type of types) expect(problem?.message).toContain(type)
    }
    expect(await refusal(choose('name * 2', 1))).toMatchObject([{ position: 5 }])
  })

  it('nests on both sides, and takes every condition of filters', async () => {
    const leaf = (column: string, operator: string, value: unknown) => ({ column, operator, value })
    const step = choose(
      {
        if: { and: [leaf('name', 'matches', '^Z'), leaf('born', 'until', '1982-01-05')] },
        then: "'Z'",
        else: "'other'",
      },
      { if: { or: [leaf('ok', 'isnull', null), leaf('id', 'in', [9])] }, then: "'unset'", else: "'set'" },
    )
    expect((await from([step])).rows.map((row) => row.at(-1))).toEqual(['Z', 'unset', 'set'])
  })

  it('replaces a column in its place, also one that it reads', async () => {
    const { columns, rows } = await from([
      choose('age', 'id', { newColumn: 'id' }),
      choose("'a'", 'id + 0', { newColumn: 'x', else: "'b'" }),
    ])
    expect(columns.map(({ name }) => name)).toEqual(['id', 'name', 'a "b"', 'age', 'score', 'born', 'ok', 'x'])
    expect(rows.map(([id]) => id)).toEqual([42, 2, 3])
  })

  it('takes dates and other variables', async () => {
    const day = new Date('2024-02-29T10:00:00Z')
    const { columns, rows } = await from([choose('{{ day }}', 'born')], { day })
    expect(columns.at(-1)?.type).toBe('date')
    expect(rows.map((row) => row.at(-1))).toEqual([day, null, new Date('2004-06-01')])
    const texts = await from([choose('"{{ word }}"', '{{ number }}', { else: "'{{ number }}'" })], {
      word: 'a',
      number: 5,
    })
    expect(texts.rows.map((row) => row.at(-1))).toEqual(['a', '5', '5'])
  })

  it('never aborts: what cannot be computed is null', async () => {
    expect(await chosen('age / 0', 'age % 0')).toEqual(['number', null, null, null])
    expect(await chosen('9223372036854775807 + age', 'age')).toEqual(['integer', null, null, 20])
    expect(await chosen('1e308 * 10', 'score')).toEqual(['number', null, null, 0])
  })

  it('keeps an empty table empty', async () => {
    const step = choose(1, 2, { if: { column: 'id', operator: 'eq', value: 1 } })
    expect(await tables.ask([{ name: 'domain', domain: 'empty' }, step])).toEqual({
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'c', type: 'integer' },
      ],
      rows: [],
    })
  })
})

describe('ifthenelse refuses', () => {
  it('formulas that do not parse, with the position', async () => {
    expect(await refusal(choose("'a", '1 +'))).toMatchObject([
      { path: '/pipeline/1/then', position: 0 },
      { path: '/pipeline/1/else', position: 3 },
    ])
    expect(await refusal(choose(1, { if: isAdult, then: 'a b', else: 1 }))).toMatchObject([
      { path: '/pipeline/1/else/then', position: 2 },
    ])
  })

  it('what is no branch', async () => {
    expect(await refusal(choose([1], ['age']))).toMatchObject([
      { path: '/pipeline/1/then' },
      { path: '/pipeline/1/else' },
    ])
    expect(await refusal(choose('', 'age +'))).toMatchObject([
      { path: '/pipeline/1/then', position: 0 },
      { path: '/pipeline/1/else', position: 5 },
    ])
    expect(await refusal({ name: 'ifthenelse', newColumn: 'c', if: isAdult, then: 1 })).toMatchObject([
      { path: '/pipeline/1/else', message: 'This field is required.' },
    ])
  })

  it('unknown fields and missing ones at every level', async () => {
    const nested = { if: isAdult, then: 1, otherwise: 2 }
    expect(await refusal(choose(1, nested, { elsa: 1 }))).toMatchObject([
      { path: '/pipeline/1/elsa' },
      { path: '/pipeline/1/else/otherwise' },
      { path: '/pipeline/1/else/else', message: 'This field is required.' },
    ])
    expect(await refusal(choose(1, 2, { if: { column: 'age', operator: 'is', value: 1 } }))).toMatchObject([
      { path: '/pipeline/1/if/operator' },
    ])
    expect(await refusal(choose(1, 2, { if: { and: [] } }))).toMatchObject([{ path: '/pipeline/1/if/and' }])
  })

  it('columns that are missing, all of them at once', async () => {
    const nested = { if: { column: 'w', operator: 'isnull' }, then: 'x', else: '[a b] + x' }
    const items = await refusal(choose('y', nested, { if: { column: 'v', operator: 'isnull' } }))
    expect(items.map(({ column }) => column)).toEqual(['v', 'y', 'w', 'x', 'a b'])
  })

  it('too many levels, and takes many', async () => {
    const deep = (levels: number): unknown =>
      levels === 0 ? 'age' : { if: isAdult, then: levels, else: deep(levels - 1) }
    const { rows } = await from([choose(-1, deep(100))])
    expect(rows.map((row) => row.at(-1))).toEqual([-1, null, 20])
    expect(await refusal(choose(-1, deep(5000)))).toMatchObject([{ path: '/pipeline/1/else' }])
  })
})
