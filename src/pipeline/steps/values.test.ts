import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import type { TemplateVariables, Value } from '../index.ts'

let tables: MemoryTables

const largest = 2n ** 63n - 1n
const hostile = `a'b"c\`d;--/*{x}$1\\%_😀\u0000`

beforeAll(async () => {
  tables = await memoryTables({
    data: {
      columns: { i: 'integer', n: 'number', t: 'text', d: 'date', b: 'boolean' },
      rows: [
        [-3, -1.5, 'foo', new Date('2024-01-01'), true],
        [null, null, null, null, null],
        [largest, 1e308, 'bar', new Date('2024-01-02T10:00:00Z'), false],
        [-largest - 1n, -0, hostile, new Date(-1), true],
      ],
    },
    empty: { columns: { i: 'integer' }, rows: [] },
  })
})
afterAll(() => tables.close())

function from(steps: readonly object[], variables: TemplateVariables = {}) {
  return tables.ask([{ name: 'domain', domain: 'data' }, ...steps], { variables })
}

async function column(name: string, ...steps: object[]): Promise<Value[]> {
  return (await from([...steps, { name: 'select', columns: [name] }])).rows.flat()
}

async function types(...steps: object[]): Promise<string[]> {
  return (await from(steps)).columns.map(({ name, type }) => `${name} ${type}`)
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

describe('absolutevalue', () => {
  const absolute = (name: string, new_column: string) => ({ name: 'absolutevalue', column: name, new_column })

  it('keeps the type, and null where there is no counterpart', async () => {
    expect(await column('a', absolute('i', 'a'))).toEqual([3, null, largest, null])
    expect(await column('n', absolute('n', 'n'))).toEqual([1.5, null, 1e308, -0])
    expect(await types(absolute('i', 'a'), absolute('n', 'n'))).toEqual([
      'i integer',
      'n number',
      't text',
      'd date',
      'b boolean',
      'a integer',
    ])
  })

  it('needs numbers and its fields', async () => {
    expect(await refusal(absolute('t', 'a'))).toMatchObject([
      { column: 't', step: { index: 1, name: 'absolutevalue' } },
    ])
    expect(await refusal(absolute('d', 'a'))).toMatchObject([{ column: 'd' }])
    expect(await refusal({ name: 'absolutevalue', column: 'i' })).toMatchObject([{ path: '/pipeline/1/newColumn' }])
  })
})

describe('duplicate', () => {
  it('copies values and type, to the end or over another column', async () => {
    const copy = { name: 'duplicate', column: 'd', newColumnName: 'x "y" `z`' }
    expect((await from([copy])).columns.at(-1)).toEqual({ name: 'x "y" `z`', type: 'date' })
    expect(await column('x "y" `z`', copy)).toEqual(await column('d'))
    expect(await types({ name: 'duplicate', column: 'd', new_column_name: 'i' })).toEqual([
      'i date',
      'n number',
      't text',
      'd date',
      'b boolean',
    ])
    const onto = { name: 'duplicate', column: 'i', new_column_name: 'i' }
    expect(await column('i', onto)).toEqual(await column('i'))
  })

  it('makes a column of its own', async () => {
    const steps = [
      { name: 'duplicate', column: 't', new_column_name: 'u' },
      { name: 'uppercase', column: 't' },
      { name: 'filter', condition: { column: 'i', operator: 'eq', value: -3 } },
      { name: 'select', columns: ['u', 't'] },
    ]
    expect((await from(steps)).rows).toEqual([['foo', 'FOO']])
  })
})

describe('fillna', () => {
  const fill = (columns: string[], value: unknown) => ({ name: 'fillna', columns, value })

  it('fills nulls of every type', async () => {
    expect(await column('i', fill(['i'], 0))).toEqual([-3, 0, largest, -largest - 1n])
    expect(await column('n', fill(['n'], 0))).toEqual([-1.5, 0, 1e308, -0])
    expect(await column('t', fill(['t'], hostile))).toEqual(['foo', hostile, 'bar', hostile])
    expect((await column('d', fill(['d'], '2024-02-29T10:00+01:00')))[1]).toEqual(new Date('2024-02-29T09:00:00Z'))
    expect((await column('d', fill(['d'], new Date(5))))[1]).toEqual(new Date(5))
    expect(await column('b', fill(['b'], false))).toEqual([true, false, false, true])
  })

  it('takes several columns, the older form, and null, which changes nothing', async () => {
    const { columns, rows } = await from([fill(['n', 'i', 'n'], 7)])
    expect(rows[1]?.slice(0, 2)).toEqual([7, 7])
    expect(columns.map(({ name }) => name)).toEqual(['i', 'n', 't', 'd', 'b'])
    expect((await column('t', { name: 'fillna', column: 't', value: 'x' }))[1]).toBe('x')
    expect((await from([fill(['t', 'i'], null)])).rows).toEqual((await from([])).rows)
  })

  it('makes numbers of integers when it has to, and reads numbers in texts', async () => {
    expect(await column('i', fill(['i'], 0.5))).toEqual([-3, 0.5, 2 ** 63, -(2 ** 63)])
    expect((await types(fill(['i'], 0.5)))[0]).toBe('i number')
    expect((await types(fill(['i'], '12')))[0]).toBe('i integer')
    expect((await column('i', fill(['i'], ' 12 ')))[1]).toBe(12)
    expect((await column('i', fill(['i'], String(largest))))[1]).toBe(largest)
    expect((await column('n', fill(['n'], '1.5e1')))[1]).toBe(15)
    expect((await column('n', fill(['n'], largest)))[1]).toBe(2 ** 63)
    expect((await from([fill(['i'], '{{ x }}')], { x: 9 })).rows[1]?.[0]).toBe(9)
  })

  it('refuses values of another type', async () => {
    const wrong: [string, unknown][] = [
      ['i', 'x'],
      ['i', true],
      ['i', '1_0'],
      ['n', new Date(0)],
      ['t', 0],
      ['t', true],
      ['d', 0],
      ['d', 'yesterday'],
      ['b', 0],
      ['b', 'true'],
    ]
    for (const [name, value] of wrong) {
      expect(await refusal(fill([name], value)), `${name} ${value}`).toMatchObject([
        { column: name, step: { index: 1, name: 'fillna' } },
      ])
    }
    expect(await refusal(fill(['x'], 'x'))).toMatchObject([{ column: 'x' }])
    for (const value of [undefined, [1], { a: 1 }, Number.NaN, Infinity, 2n ** 64n]) {
      expect(await refusal(fill(['i'], value)), String(value)).toMatchObject([{ path: '/pipeline/1/value' }])
    }
    expect(await refusal(fill([], 1))).toMatchObject([{ path: '/pipeline/1/columns' }])
  })
})

describe('replace', () => {
  const replace = (search_column: string, ...to_replace: unknown[]) => ({ name: 'replace', search_column, to_replace })

  it('replaces whole values, in one pass', async () => {
    expect(await column('t', replace('t', ['foo', 'bar'], ['bar', 'foo'], ['ba', 'x']))).toEqual([
      'bar',
      null,
      'foo',
      hostile,
    ])
    expect((await column('t', replace('t', [hostile, "'"])))[3]).toBe("'")
    expect((await column('t', replace('t', ['foo', 'first'], ['foo', 'second'])))[0]).toBe('first')
    expect(await column('i', replace('i', [-3, 3]))).toEqual([3, null, largest, -largest - 1n])
    expect((await column('i', replace('i', [largest, null])))[2]).toBeNull()
    expect(await column('b', replace('b', [true, false], [false, true]))).toEqual([false, null, true, false])
    expect((await column('d', replace('d', ['2024-01-01', '2025-01-01T10:00Z'])))[0]).toEqual(
      new Date('2025-01-01T10:00:00Z'),
    )
  })

  it('finds null, and nothing across types', async () => {
    expect(await column('t', replace('t', [null, 'none']))).toEqual(['foo', 'none', 'bar', hostile])
    expect(await column('i', replace('i', ['-3', 1], [-3.5, 1], [true, 1]))).toEqual(await column('i'))
    expect(await column('n', replace('n', [-1.5, 1], [0, 9]))).toEqual([1, null, 1e308, 9])
  })

  it('makes numbers of integers when it has to', async () => {
    expect((await types(replace('i', [-3, 0.5], [1, 2])))[0]).toBe('i number')
    expect((await column('i', replace('i', [-3, 0.5])))[0]).toBe(0.5)
  })

  it('refuses values of another type and what are no pairs', async () => {
    expect(await refusal(replace('i', [-3, 'three']))).toMatchObject([{ column: 'i' }])
    expect(await refusal(replace('t', ['foo', 1]))).toMatchObject([{ column: 't' }])
    expect(await refusal(replace('t'))).toMatchObject([{ path: '/pipeline/1/to_replace' }])
    expect(await refusal(replace('t', ['foo']))).toMatchObject([{ path: '/pipeline/1/to_replace/0' }])
    expect(await refusal(replace('t', ['a', 'b', 'c']))).toMatchObject([{ path: '/pipeline/1/to_replace/0' }])
    expect(await refusal(replace('t', ['a', {}]))).toMatchObject([{ path: '/pipeline/1/to_replace/0/1' }])
    expect(await refusal(replace('t', 'ab'))).toMatchObject([{ path: '/pipeline/1/to_replace/0' }])
    expect(await refusal(replace('x', ['a', 'b']))).toMatchObject([{ column: 'x' }])
  })
})

describe('text', () => {
  const text = (value: unknown, new_column = 'c') => ({ name: 'text', text: value, new_column })

  it('has the type of its value', async () => {
    const values: [Value, string][] = [
      [hostile, 'text'],
      ['', 'text'],
      ['2024-01-01', 'text'],
      ['12', 'text'],
      [1, 'integer'],
      [-2.5, 'number'],
      [1e300, 'number'],
      [largest, 'integer'],
      [true, 'boolean'],
      [new Date('2024-01-01T10:00:00.250Z'), 'date'],
      [null, 'text'],
    ]
    for (const [value, type] of values) {
      const { columns, rows } = await from([text(value)])
      expect(columns.at(-1), String(value)).toEqual({ name: 'c', type })
      expect(rows.map((row) => row.at(-1))).toEqual([value, value, value, value])
    }
  })

  it('takes variables with their types', async () => {
    const variables = { day: new Date(0), flag: false, list: 'a' }
    const { columns, rows } = await from(
      [text('{{ day }}', 'd'), text('{{ flag }}', 'x'), text('{{ list }}!', 'y')],
      variables,
    )
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'i integer',
      'n number',
      't text',
      'd date',
      'b boolean',
      'x boolean',
      'y text',
    ])
    expect(rows[0]?.slice(3)).toEqual([new Date(0), true, false, 'a!'])
  })

  it('keeps an empty table empty', async () => {
    const { columns, rows } = await tables.ask([{ name: 'domain', domain: 'empty' }, text(1)])
    expect(columns.map(({ name }) => name)).toEqual(['i', 'c'])
    expect(rows).toEqual([])
  })

  it('refuses what is no value', async () => {
    for (const value of [undefined, [], {}, Number.NaN]) {
      expect(await refusal(text(value))).toMatchObject([{ path: '/pipeline/1/text', step: { name: 'text' } }])
    }
    expect(await refusal({ name: 'text', text: 'a' })).toMatchObject([{ message: 'This field is required.' }])
  })
})
