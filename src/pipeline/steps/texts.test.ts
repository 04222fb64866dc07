import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import type { Value } from '../index.ts'

let tables: MemoryTables

const hostile = `a'b"c\`d;--/*{x}}$1\\%_\u0000`
const cuts = fc.sample(
  fc.tuple(
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    fc.integer({ min: -10, max: 10 }).filter((at) => at !== 0),
  ),
  { numRuns: 150, seed: 7 },
)

beforeAll(async () => {
  tables = await memoryTables({
    words: {
      columns: { id: 'integer', w: 'text', v: 'text', n: 'number', d: 'date', b: 'boolean' },
      rows: [
        [1, 'Éa, Zoë,x', 'Éa, Zoë,x', 1.5, new Date('2024-02-29'), true],
        [2, null, null, null, null, null],
        [3, '', 'x', 10, new Date('2024-02-29T10:00:00Z'), false],
        [4, '  \u00a0\u3000 aÀ😀 b\t\r\n', 'w', -0.1, new Date('1969-12-31T23:59:59.250Z'), null],
        [5, hostile, 'hostile', 1e21, new Date(8.64e15), true],
      ],
    },
    empty: { columns: { id: 'integer', w: 'text' }, rows: [] },
    cuts: { columns: { w: 'text' }, rows: cuts.map(([word]) => [word]) },
  })
})
afterAll(() => tables.close())

function from(domain: string, ...steps: object[]) {
  return tables.ask([{ name: 'domain', domain }, ...steps])
}

async function column(name: string, ...steps: object[]): Promise<Value[]> {
  const { rows } = await from('words', ...steps, { name: 'select', columns: [name] })
  return rows.flat()
}

async function refusal(...steps: object[]): Promise<readonly ProblemItem[]> {
  try {
    await from('words', ...steps)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('lowercase, uppercase and trim', () => {
  it('know all letters and all white space, and keep null and the place of the column', async () => {
    const { columns, rows } = await from(
      'words',
      { name: 'lowercase', column: 'w' },
      { name: 'uppercase', column: 'v' },
    )
    expect(columns.map(({ name }) => name)).toEqual(['id', 'w', 'v', 'n', 'd', 'b'])
    expect(rows.map((row) => row.slice(0, 3)).slice(0, 4)).toEqual([
      [1, 'éa, zoë,x', 'ÉA, ZOË,X'],
      [2, null, null],
      [3, '', 'X'],
      [4, '  \u00a0\u3000 aà😀 b\t\r\n', 'W'],
    ])
    expect((await column('w', { name: 'trim', columns: ['w', 'w', 'v'] })).slice(0, 4)).toEqual([
      'Éa, Zoë,x',
      null,
      '',
      'aÀ😀 b',
    ])
  })

  it('trim exactly what is listed as white space', async () => {
    const marks = '\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000'
    const others = ['\u200b', 'a\ufeff', '\u0000', '_']
    const own = await memoryTables({
      t: {
        columns: { w: 'text' },
        rows: [...[...marks].map((mark) => `${mark}a b${mark}`), ...others].map((w) => [w]),
      },
    })
    const { rows } = await own.ask([
      { name: 'domain', domain: 't' },
      { name: 'trim', column: 'w' },
    ])
    own.close()
    expect(rows.flat()).toEqual([...[...marks].map(() => 'a b'), '\u200b', 'a\ufeff', '\u0000', '_'])
  })

  it('refuse what is no text, and name it', async () => {
    expect(await refusal({ name: 'lowercase', column: 'n' })).toMatchObject([
      { step: { index: 1, name: 'lowercase' }, column: 'n', message: expect.stringContaining('number') },
    ])
    expect(await refusal({ name: 'uppercase', column: 'd' })).toMatchObject([{ column: 'd' }])
    expect(await refusal({ name: 'trim', columns: ['w', 'b'] })).toMatchObject([{ column: 'b' }])
    expect(await refusal({ name: 'trim', columns: ['W', 'x'] })).toMatchObject([
      { column: 'W', nearest: expect.arrayContaining(['w']) },
      { column: 'x' },
    ])
    expect(await refusal({ name: 'trim', columns: [] })).toMatchObject([{ path: '/pipeline/1/columns' }])
    expect(await refusal({ name: 'lowercase', columns: ['w'] })).toMatchObject([
      { path: '/pipeline/1/columns' },
      { path: '/pipeline/1/column' },
    ])
  })

  it('give an empty table for an empty table', async () => {
    const { columns, rows } = await from('empty', { name: 'lowercase', column: 'w' }, { name: 'trim', columns: ['w'] })
    expect(rows).toEqual([])
    expect(columns.map(({ type }) => type)).toEqual(['integer', 'text'])
  })
})

describe('replacetext', () => {
  const replace = (old: unknown, by?: unknown, search = 'w') => ({
    name: 'replacetext',
    search_column: search,
    old_str: old,
    ...(by === undefined ? {} : { new_str: by }),
  })

  it('replaces every literal occurrence, from the left', async () => {
    expect((await column('w', replace('o', '\\0')))[0]).toBe('Éa, Z\\0ë,x')
    expect((await column('w', replace(',')))[0]).toBe('Éa Zoëx')
    expect(await column('w', replace('.', 'y'))).toEqual(await column('w'))
    expect((await column('w', replace(hostile, "'")))[4]).toBe("'")
    expect((await column('w', replace('É', hostile)))[0]).toBe(`${hostile}a, Zoë,x`)
    expect((await column('w', replace('😀', '')))[3]).toBe('  \u00a0\u3000 aÀ b\t\r\n')
    expect((await column('w', replace('x', 'xx')))[1]).toBeNull()
  })

  it('makes a text of everything else', async () => {
    const { columns } = await from('words', replace('1', '2', 'n'))
    expect(columns[3]).toEqual({ name: 'n', type: 'text' })
    expect(await column('n', replace('1', '2', 'n'))).toEqual(['2.5', null, '20', '-0.2', '2e+22'])
    expect(await column('d', replace('-', '/', 'd'))).toEqual([
      '2024/02/29',
      null,
      '2024/02/29 10:00:00',
      '1969/12/31 23:59:59.250',
      '275760/09/13',
    ])
  })

  it('refuses an empty text to replace', async () => {
    expect(await refusal(replace('', 'x'))).toMatchObject([{ path: '/pipeline/1/old_str' }])
    expect(await refusal(replace(undefined))).toMatchObject([{ path: '/pipeline/1/old_str' }])
    expect(await refusal(replace('a', 'b', 'x'))).toMatchObject([{ column: 'x' }])
  })
})

describe('split', () => {
  const split = (delimiter: unknown, n: unknown) => ({
    name: 'split',
    column: 'w',
    delimiter,
    numberColsToKeep: n,
  })
  const parts = async (delimiter: string, n: unknown) =>
    (await from('words', split(delimiter, n))).rows.map((row) => row.slice(6))

  it('gives the first parts, null for those that are missing', async () => {
    expect((await parts(',', 4)).slice(0, 3)).toEqual([
      ['Éa', ' Zoë', 'x', null],
      [null, null, null, null],
      ['', null, null, null],
    ])
    expect((await parts(', ', '1')).slice(0, 1)).toEqual([['Éa']])
    expect((await parts('.', 2))[0]).toEqual(['Éa, Zoë,x', null])
    expect((await parts('😀', 2))[3]).toEqual(['  \u00a0\u3000 aÀ', ' b\t\r\n'])
    expect((await parts("'b", 2))[4]).toEqual(['a', hostile.slice(3)])
    expect((await parts('x', 2))[0]).toEqual(['Éa, Zoë,', ''])
  })

  it('replaces columns that have the names', async () => {
    const { columns, rows } = await from('words', { name: 'rename', to_rename: [['id', 'w_2']] }, split(',', 3), {
      name: 'select',
      columns: ['w_2', 'w', 'w_1', 'w_3'],
    })
    expect(columns.map(({ type }) => type)).toEqual(['text', 'text', 'text', 'text'])
    expect(rows[0]).toEqual([' Zoë', 'Éa, Zoë,x', 'Éa', 'x'])
    const { columns: all } = await from('words', { name: 'rename', to_rename: [['id', 'w_2']] }, split(',', 3))
    expect(all.map(({ name }) => name)).toEqual(['w_2', 'w', 'v', 'n', 'd', 'b', 'w_1', 'w_3'])
  })

  it('refuses what makes no sense', async () => {
    expect(await refusal(split('', 2))).toMatchObject([{ path: '/pipeline/1/delimiter' }])
    expect(await refusal(split(',', 0))).toMatchObject([{ path: '/pipeline/1/numberColsToKeep' }])
    expect(await refusal(split(',', 1.5))).toMatchObject([{ path: '/pipeline/1/numberColsToKeep' }])
    expect(await refusal(split(',', 1_000_000))).toMatchObject([{ path: '/pipeline/1/numberColsToKeep' }])
    expect(await refusal({ ...split(',', 2), column: 'd' })).toMatchObject([{ column: 'd' }])
  })
})

describe('substring', () => {
  const cut = (start: unknown, end: unknown, more: object = {}) => ({
    name: 'substring',
    column: 'w',
    start_index: start,
    end_index: end,
    ...more,
  })
  const first = async (start: unknown, end: unknown) => (await column('w_SUBSTR', cut(start, end)))[0]

  it('counts characters from 1 or from the end, both ends included', async () => {
    expect(await first(1, 2)).toBe('Éa')
    expect(await first(-3, -1)).toBe('ë,x')
    expect(await first('2', '-8')).toBe('a')
    expect(await first(2, 1)).toBe('')
    expect(await first(-100, 2)).toBe('Éa')
    expect(await first(8, 2 ** 31 - 1)).toBe(',x')
    expect(await first(100, 200)).toBe('')
    expect((await column('w_SUBSTR', cut(8, 8)))[3]).toBe('😀')
    expect((await column('w_SUBSTR', cut(1, 1)))[1]).toBeNull()
  })

  it('is the slice of the characters, whatever the text and the positions', async () => {
    for (const end of [-3, -1, 1, 4]) {
      for (const start of [-5, -2, 1, 3]) {
        const { rows } = await from('cuts', { ...cut(start, end), new_column_name: 'w' })
        expect(rows.flat()).toEqual(cuts.map(([word]) => sliced(word, start, end)))
      }
    }
  })

  it('names its column, takes any type and refuses 0', async () => {
    const { columns } = await from('words', cut(1, 1), cut(1, 1, { newColumnName: 'id' }))
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'id text',
      'w text',
      'v text',
      'n number',
      'd date',
      'b boolean',
      'w_SUBSTR text',
    ])
    expect(await column('x', cut(1, 4, { column: 'd', new_column_name: 'x' }))).toEqual([
      '2024',
      null,
      '2024',
      '1969',
      '2757',
    ])
    expect(await column('x', cut(1, 2, { column: 'b', new_column_name: 'x' }))).toEqual(['tr', null, 'fa', null, 'tr'])
    expect(await refusal(cut(0, 1))).toMatchObject([{ path: '/pipeline/1/start_index' }])
    expect(await refusal(cut(1, '0'))).toMatchObject([{ path: '/pipeline/1/end_index' }])
    expect(await refusal(cut(1, 2 ** 40))).toMatchObject([{ path: '/pipeline/1/end_index' }])
    expect(await refusal(cut(-(2 ** 40), 1))).toMatchObject([{ path: '/pipeline/1/start_index' }])
  })
})

/** The definition, in code points. */
function sliced(word: string, start: number, end: number): string {
  const characters = [...word]
  const place = (at: number): number => (at > 0 ? at : characters.length + at + 1)
  return characters.filter((_, index) => index + 1 >= place(start) && index + 1 <= place(end)).join('')
}

describe('concatenate', () => {
  const join = (columns: string[], separator: unknown = '-', newColumnName = 'c') => ({
    name: 'concatenate',
    columns,
    separator,
    new_column_name: newColumnName,
  })

  it('skips nulls with their separators and writes values like JSON', async () => {
    expect(await column('c', join(['v', 'n', 'b', 'v']))).toEqual([
      'Éa, Zoë,x-1.5-true-Éa, Zoë,x',
      '',
      'x-10-false-x',
      'w--0.1-w',
      'hostile-1e+21-true-hostile',
    ])
    expect((await column('c', join(['id', 'd'], ' - '))).slice(0, 3)).toEqual([
      '1 - 2024-02-29',
      '2',
      '3 - 2024-02-29 10:00:00',
    ])
    expect((await column('c', join(['v', 'id'], hostile)))[0]).toBe(`Éa, Zoë,x${hostile}1`)
    expect((await column('c', join(['v', 'id'], '')))[2]).toBe('x3')
  })

  it('can replace one of its columns', async () => {
    const { columns, rows } = await from('words', join(['id', 'v'], ':', 'id'))
    expect(columns[0]).toEqual({ name: 'id', type: 'text' })
    expect(rows[2]?.[0]).toBe('3:x')
  })

  it('refuses a single column and what is missing', async () => {
    expect(await refusal(join(['v']))).toMatchObject([{ path: '/pipeline/1/columns' }])
    expect(await refusal(join(['v', 'id'], 1))).toMatchObject([{ path: '/pipeline/1/separator' }])
    expect(await refusal(join(['v', 'x', 'y']))).toMatchObject([{ column: 'x' }, { column: 'y' }])
  })
})

describe('comparetext', () => {
  const compare = (a: string, b: string) => ({ name: 'comparetext', new_column_name: 'c', str_col_1: a, str_col_2: b })

  it('is exact, and null equals null', async () => {
    expect(await column('c', compare('w', 'v'))).toEqual([true, true, false, false, false])
    expect(await column('c', { name: 'uppercase', column: 'v' }, compare('w', 'v'))).toEqual([
      false,
      true,
      false,
      false,
      false,
    ])
  })

  it('never crosses types', async () => {
    const steps = [
      { name: 'duplicate', column: 'id', new_column_name: 't' },
      { name: 'convert', columns: ['t'], data_type: 'text' },
    ]
    expect(await column('c', ...steps, compare('id', 't'))).toEqual([false, false, false, false, false])
    expect(await column('c', compare('n', 'd'))).toEqual([false, true, false, false, false])
    const number = [{ name: 'formula', new_column: 'n', formula: 'id / 1' }, compare('id', 'n')]
    expect(await column('c', ...number)).toEqual([true, true, true, true, true])
    expect((await from('words', compare('n', 'd'))).columns.at(-1)).toEqual({ name: 'c', type: 'boolean' })
  })

  it('tells what is missing', async () => {
    expect(await refusal(compare('x', 'y'))).toMatchObject([{ column: 'x' }, { column: 'y' }])
  })
})
