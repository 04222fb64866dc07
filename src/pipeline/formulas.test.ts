import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../test/builders/memory-tables.ts'
import { isProblem } from '../base/index.ts'
import type { Value } from './index.ts'

const columns = {
  a: 'integer',
  b: 'integer',
  n: 'number',
  t: 'text',
  yes: 'boolean',
  day: 'date',
  'my col': 'text',
  'x]y': 'integer',
  été: 'integer',
  null: 'integer',
  'quo\'te"; -- {{': 'integer',
} as const

const row: Value[] = [7, -4, 1.5, 'x', true, new Date('2024-01-01T00:00:00Z'), 'c', 1, 5, 6, 9]

describe('a formula', () => {
  let tables: MemoryTables
  beforeAll(async () => {
    tables = await memoryTables({
      one: { columns, rows: [row] },
      nulls: { columns, rows: [Object.keys(columns).map(() => null)] },
      big: { columns: { i: 'integer', n: 'number' }, rows: [[2n ** 63n - 1n, 1e308]] },
      small: { columns: { i: 'integer', n: 'number' }, rows: [[-(2n ** 63n), -1e308]] },
    })
  })
  afterAll(() => tables.close())

  async function compute(
    formula: unknown,
    domain = 'one',
  ): Promise<{ value: Value | undefined; type: string | undefined }> {
    const answer = await tables.ask([
      { name: 'domain', domain },
      { name: 'formula', new_column: 'result', formula },
    ])
    const index = answer.columns.findIndex(({ name }) => name === 'result')
    return { value: answer.rows[0]?.[index], type: answer.columns[index]?.type }
  }

  it.each<[unknown, Value, string]>([
    ['1', 1, 'integer'],
    [' 1', 1, 'integer'],
    [1.5, 1.5, 'number'],
    [true, true, 'boolean'],
    ['1e3', 1000, 'number'],
    ['.5 + 5.', 5.5, 'number'],
    ['9007199254740993', 9007199254740993n, 'integer'],
    ['9223372036854775808', 2 ** 63, 'number'],
    ['a + b', 3, 'integer'],
    ['a - b - 1', 10, 'integer'],
    ['a - (b - 1)', 12, 'integer'],
    ['1 + 2 * 3', 7, 'integer'],
    ['(1 + 2) * 3', 9, 'integer'],
    ['8 / 4 / 2', 1, 'number'],
    ['7 / 2', 3.5, 'number'],
    ['a / b', -1.75, 'number'],
    ['a % 4', 3, 'integer'],
    ['b % 3', -1, 'integer'],
    ['-4.5 % 2', -0.5, 'number'],
    ['a % n', 1, 'number'],
    ['a / 0', null, 'number'],
    ['a % 0', null, 'integer'],
    ['n % 0', null, 'number'],
    ['a / (b + 4)', null, 'number'],
    ['-a', -7, 'integer'],
    ['-(a + b)', -3, 'integer'],
    ['- - a', 7, 'integer'],
    ['+a', 7, 'integer'],
    ['a * -b', 28, 'integer'],
    ['2 * -(1 + 1)', -4, 'integer'],
    ['n * a', 10.5, 'number'],
    ["'x'", 'x', 'text'],
    ['"Ba\'al"', "Ba'al", 'text'],
    ["'''a'b'''", "a'b", 'text'],
    ["'a' 'b' \"c\"", 'abc', 'text'],
    ["'it\\'s \\n\\u00e9\\q'", "it's \né\\q", 'text'],
    ["'[a] and {b}'", '[a] and {b}', 'text'],
    ["t + '-' + [my col]", 'x-c', 'text'],
    ['[my col]', 'c', 'text'],
    ['[a]', 7, 'integer'],
    ['été', 5, 'integer'],
    ['[null]', 6, 'integer'],
    ["[quo'te\"; -- {{ '{{' }}] + 1", 10, 'integer'],
    ['yes', true, 'boolean'],
    ['day', new Date('2024-01-01T00:00:00Z'), 'date'],
    ['null', null, 'text'],
    ['None', null, 'text'],
    ['null + 1', null, 'integer'],
    ['-(null * null)', null, 'text'],
    ["null + 'x'", null, 'text'],
    ['null / 1', null, 'number'],
    ['False', false, 'boolean'],
  ])('%s gives %s as %s', async (formula, value, type) => {
    expect(await compute(formula)).toEqual({ value, type })
  })

  it('gives null for every null operand', async () => {
    for (const formula of ['a + 1', 'a - b', 'n * 2', '1 / a', 'a % 2', '-a', "t + 'x'", '[my col]', 'yes']) {
      expect((await compute(formula, 'nulls')).value).toBeNull()
    }
  })

  it('gives null for what no column could hold', async () => {
    for (const formula of [
      'i + 1',
      'i * i',
      'i * 2 - i',
      'i * i * 1.5',
      'i * i + i * i',
      'n * 10',
      'n + n',
      '-n - n',
      'n / 0.01',
    ]) {
      expect((await compute(formula, 'big')).value).toBeNull()
    }
    for (const formula of ['-i', 'i - 1', 'i % -1 + 1'])
      expect([null, 1]).toContain((await compute(formula, 'small')).value)
    expect((await compute('i - 1', 'big')).value).toBe(2n ** 63n - 2n)
    // The same overflow twice in a query, which the database's optimiser computes once.
    const twice = ['i * i + 1', 'i * i + 2'].map((formula, index) => ({
      name: 'formula',
      newColumn: `f${index}`,
      formula,
    }))
    const answer = await tables.ask([
      { name: 'domain', domain: 'big' },
      ...twice,
      { name: 'select', columns: ['f0', 'f1'] },
    ])
    expect(answer.rows).toEqual([[null, null]])
  })

  async function refusal(formula: unknown) {
    try {
      await compute(formula)
    } catch (error) {
      if (isProblem(error, 'pipeline_invalid')) return error.errors[0]
      throw error
    }
    return undefined
  }

  it.each<[string, number]>([
    ['', 0],
    ['   ', 3],
    ['a b', 2],
    ['1 +', 3],
    ['a ** 2', 2],
    ['a // 2', 2],
    ['(a', 0],
    ['a)', 1],
    ['(a b)', 3],
    ['()', 1],
    ['[a', 0],
    ['[]', 0],
    ['[a[b]', 2],
    ['a]', 1],
    ["'x", 0],
    ["-'x'", 0],
    ['-true', 0],
    ["- -'x'", 2],
    ['a.b', 1],
    ['a == 1', 2],
    ['a and b', 2],
    ['not a', 4],
    ['f(a)', 1],
    ['a if b else a', 2],
    ['[a], b', 3],
    ['a + {b}', 4],
    ['a; drop table x', 1],
    ['* a', 0],
    ['1a', 1],
    ['1e999', 0],
    ['😀', 0],
    [`${'('.repeat(300)}1${')'.repeat(300)}`, 101],
    [`${'-'.repeat(9000)}1`, 101],
    [`1${' + 1'.repeat(300)}`, 398],
    ['1'.repeat(10_001), 10_000],
  ])('%s does not parse, at %i', async (formula, position) => {
    expect(await refusal(formula)).toMatchObject({
      path: '/pipeline/1/formula',
      position,
      step: { index: 1, name: 'formula' },
    })
  })

  it.each<[string, string]>([
    ['a + t', '"+" cannot be used between integer and text.'],
    ["t - 'x'", '"-" cannot be used between text and text.'],
    ["1 + (2 * 'x')", '"*" cannot be used between integer and text.'],
    ['yes + yes', '"+" cannot be used between boolean and boolean.'],
    ['day - day', '"-" cannot be used between date and date.'],
    ['-t', '"-" needs a number, and this is text.'],
    ['-(t + t)', '"-" needs a number, and this is text.'],
  ])('%s mixes types', async (formula, message) => {
    expect(await refusal(formula)).toMatchObject({
      message,
      step: { index: 1, name: 'formula' },
      position: expect.any(Number),
    })
  })

  it('names every missing column and the nearest ones', async () => {
    expect(await refusal('[my cool] + zzzzzz')).toMatchObject({ column: 'my cool', nearest: ['my col'] })
  })

  it('replaces a column in its place and reads the old one', async () => {
    const answer = await tables.ask([
      { name: 'domain', domain: 'one' },
      { name: 'select', columns: ['a', 'b'] },
      { name: 'formula', newColumn: 'a', formula: 'a / 2' },
      { name: 'formula', newColumn: 'c', formula: 'a + b' },
    ])
    expect(answer).toEqual({
      columns: [
        { name: 'a', type: 'number' },
        { name: 'b', type: 'integer' },
        { name: 'c', type: 'number' },
      ],
      rows: [[3.5, -4, -0.5]],
    })
  })

  it('computes what a plain evaluation of its tree gives', async () => {
    const number = fc.integer({ min: -50, max: 50 }).map((value): Tree => ({ text: String(value), value }))
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        number,
        fc.constantFrom<Tree>({ text: 'a', value: 7 }, { text: 'n', value: 1.5 }, { text: 'null', value: null }),
        fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*', '/', '%'), tie('tree')).map(operate),
        tie('tree').map(({ text, value }): Tree => ({ text: `-(${text})`, value: value === null ? null : -value })),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(tree, async ({ text, value: expected }) => {
        const { value } = await compute(text)
        if (expected === null) expect(value).toBeNull()
        else expect(Math.abs(Number(value) - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)))
      }),
      { numRuns: 300 },
    )
  }, 60_000)
})

interface Tree {
  readonly text: string
  readonly value: number | null
}

function operate([left, operator, right]: [Tree, string, Tree]): Tree {
  const text = `(${left.text}) ${operator} (${right.text})`
  const [a, b] = [left.value, right.value]
  if (a === null || b === null || ((operator === '/' || operator === '%') && b === 0)) return { text, value: null }
  const value = { '+': a + b, '-': a - b, '*': a * b, '/': a / b, '%': a % b }[operator] ?? null
  return { text, value: value !== null && Number.isFinite(value) ? value : null }
}
