import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables, type TableForTest } from '../../test/builders/memory-tables.ts'
import { isProblem } from '../base/index.ts'
import { type ColumnType, type Condition, createEvaluator, parseCondition, type Value } from './index.ts'

function conditionOf(raw: unknown): Condition {
  const parsed = parseCondition(raw, { at: '', grammar: 'filter' })
  if ('errors' in parsed) throw new Error(JSON.stringify(parsed.errors))
  return parsed.condition
}

const now = new Date('2024-03-31T15:00:00Z')
const texts = [
  '',
  'a',
  'A',
  'ab',
  "O'Brien",
  '10',
  '13.5',
  'é',
  '\u{1F600}',
  '\uFFFF',
  'a\nb',
  'a\u0000b',
  '2024-03-31',
  '{{ x }}',
  '%',
  'NULL',
]
const samples: { readonly [T in ColumnType]: readonly Value[] } = {
  integer: [null, 0, 1, -1, 2, 10, 13, 2 ** 53 - 1, 9007199254740993n, -(2n ** 63n), 2n ** 63n - 1n],
  number: [null, 0, -0, 1, 1.5, -2.25, 10, 13.5, 1e15, 123456.789, 2 ** 53, 1e300],
  text: [null, ...texts],
  boolean: [null, true, false],
  date: [
    null,
    '2024-03-31T00:00:00.000Z',
    '2024-03-31T23:59:59.999Z',
    '2024-02-29T12:00:00Z',
    '1970-01-01',
    '0023-02-01',
    '9999-12-31',
  ].map((text) => (text === null ? null : new Date(text))),
}
const columnTypes: readonly ColumnType[] = ['integer', 'number', 'text', 'boolean', 'date']
const table: TableForTest = {
  columns: Object.fromEntries(columnTypes.map((type) => [type, type])),
  rows: Array.from({ length: 40 }, (_, row) =>
    columnTypes.map((type, index) => samples[type][(row * (index + 1) + index) % samples[type].length] ?? null),
  ),
}

const anyValue = fc.oneof(
  fc.constantFrom(...columnTypes.flatMap((type) => samples[type])),
  fc.constantFrom<Value>(
    '9007199254740993',
    '2024-03-31 02:00:00+02:00',
    0.5,
    -0.5,
    1e19,
    -1e19,
    2n ** 64n,
    new Date('2024-03-31T00:00:00Z'),
  ),
  fc.integer({ min: -20, max: 20 }),
  fc.string({ unit: 'binary', maxLength: 3 }),
)
const column = fc.constantFrom(...columnTypes)
const leaf = fc.oneof(
  fc.record({
    column,
    operator: fc.constantFrom('eq' as const, 'ne' as const, 'lt' as const, 'le' as const, 'gt' as const, 'ge' as const),
    value: anyValue,
  }),
  fc.record({
    column,
    operator: fc.constantFrom('in' as const, 'nin' as const),
    value: fc.array(anyValue, { maxLength: 4 }),
  }),
  fc.record({ column, operator: fc.constantFrom('isnull' as const, 'notnull' as const) }),
  fc.record({
    column,
    operator: fc.constantFrom('matches' as const, 'notmatches' as const),
    value: fc.constantFrom(
      '',
      'a',
      '^a',
      'b$',
      'a.b',
      '(?s)a.b',
      '^1',
      '\\.5',
      '[[:upper:]]',
      '^$',
      '\\x00',
      'é|😀',
      '^-?\\d+$',
    ),
  }),
  fc.record({
    column,
    operator: fc.constantFrom('from' as const, 'until' as const),
    value: fc.oneof(
      fc.constantFrom(
        new Date('2024-03-31T12:00:00Z'),
        new Date(8.64e15),
        new Date(-8.64e15),
        new Date('2024-02-29T00:00:00Z'),
      ),
      fc.record({
        operator: fc.constantFrom('from' as const, 'until' as const, 'before' as const, 'after' as const),
        quantity: fc.constantFrom(0, 1, 2, 400, 1e12),
        duration: fc.constantFrom(
          'day' as const,
          'week' as const,
          'month' as const,
          'quarter' as const,
          'year' as const,
        ),
      }),
    ),
  }),
)
const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({ and: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ always: fc.boolean() }),
  ),
}))

const typeOf = (name: string): ColumnType | undefined => columnTypes.find((type) => type === name)

function holds(condition: Condition, values: Partial<Record<ColumnType, Value>>): boolean {
  return createEvaluator(condition, { typeOf, now })((name) => values[name as ColumnType])
}

describe('the meaning', () => {
  let tables: MemoryTables
  beforeAll(async () => {
    tables = await memoryTables({ samples: table })
  })
  afterAll(() => tables.close())

  it('is the same in memory and in SQL', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (condition) => {
        const test = createEvaluator(condition, { typeOf, now })
        const kept = table.rows.filter((row) => test((name) => row[columnTypes.indexOf(name as ColumnType)]))
        const { rows } = await tables.ask([{ name: 'domain', domain: 'samples' }], {
          rules: { samples: condition },
          now,
        })
        expect(rows).toEqual(kept.map((row) => row.map((cell) => (Object.is(cell, -0) ? expect.closeTo(0) : cell))))
      }),
      { numRuns: 400 },
    )
  }, 60_000)

  it.each<[ConditionText, Partial<Record<ColumnType, Value>>, boolean]>([
    ['text eq null', { text: null }, true],
    ['text eq null', {}, true],
    ['text eq null', { text: '' }, false],
    ['text ne "x"', { text: null }, true],
    ['text nin ["x"]', { text: null }, true],
    ['text nin ["x", null]', { text: null }, false],
    ['text notmatches "x"', { text: null }, true],
    ['text matches ""', { text: null }, false],
    ['text lt "x"', { text: null }, false],
    ['integer ge 0', { integer: null }, false],
    ['integer lt null', { integer: 1 }, false],
    ['integer ge null', { integer: null }, false],
    ['text in []', { text: 'x' }, false],
    ['text in []', { text: null }, false],
    ['text nin []', { text: null }, true],
    ['text in [null]', { text: null }, true],
    ['text in [1, null]', { text: '1' }, false],
    ['integer eq "1"', { integer: 1 }, false],
    ['integer ne "1"', { integer: 1 }, true],
    ['integer in ["1"]', { integer: 1 }, false],
    ['integer nin ["1"]', { integer: 1 }, true],
    ['integer lt "2"', { integer: 1 }, false],
    ['text eq 1', { text: '1' }, false],
    ['integer eq 1.0', { integer: 1 }, true],
    ['integer lt 1.5', { integer: 1 }, true],
    ['integer gt 1.5', { integer: 1 }, false],
    ['integer lt 1e30', { integer: 2n ** 63n - 1n }, true],
    ['integer gt 9007199254740992', { integer: 9007199254740993n }, true],
    ['integer eq "9007199254740993"', { integer: 9007199254740993n }, true],
    ['boolean eq true', { boolean: true }, true],
    ['boolean eq 1', { boolean: true }, false],
    ['boolean eq "true"', { boolean: true }, false],
    ['date eq "2024-03-31"', { date: new Date('2024-03-31T00:00:00Z') }, true],
    ['date eq "2024-03-31T02:00+02:00"', { date: new Date('2024-03-31T00:00:00Z') }, true],
    ['date gt "2024"', { date: new Date('2024-03-31T00:00:00Z') }, false],
    ['date eq 1711843200000', { date: new Date('2024-03-31T00:00:00Z') }, false],
    ['text eq "2024-03-31"', { text: '2024-03-31' }, true],
    ['date until "2024-03-31T01:00:00Z"', { date: new Date('2024-03-31T23:59:59.999Z') }, true],
    ['date until "2024-03-30"', { date: new Date('2024-03-31T00:00:00Z') }, false],
    ['date from "2024-03-31T23:00:00Z"', { date: new Date('2024-03-31T00:00:00Z') }, true],
    ['date from "2024-03-31"', { date: null }, false],
    ['text from "2024-03-31"', { text: '2024-03-31' }, false],
    // now is 2024-03-31T15:00Z
    [
      'date from {"operator":"until","quantity":1,"duration":"month"}',
      { date: new Date('2024-02-29T00:00:00Z') },
      true,
    ],
    [
      'date from {"operator":"until","quantity":1,"duration":"month"}',
      { date: new Date('2024-02-28T23:59:59Z') },
      false,
    ],
    [
      'date from {"operator":"before","quantity":1,"duration":"month"}',
      { date: new Date('2024-02-28T23:59:59Z') },
      false,
    ],
    [
      'date until {"operator":"after","quantity":1,"duration":"quarter"}',
      { date: new Date('2024-06-30T23:59:59Z') },
      true,
    ],
    [
      'date until {"operator":"from","quantity":1,"duration":"quarter"}',
      { date: new Date('2024-07-01T00:00:00Z') },
      false,
    ],
    [
      'date from {"operator":"until","quantity":-1,"duration":"week"}',
      { date: new Date('2024-03-24T00:00:00Z') },
      true,
    ],
    [
      'date until {"operator":"until","quantity":1,"duration":"year","date":"2024-02-29"}',
      { date: new Date('2023-02-28T12:00:00Z') },
      true,
    ],
    [
      'date until {"operator":"until","quantity":1,"duration":"year","date":"2024-02-29"}',
      { date: new Date('2023-03-01T00:00:00Z') },
      false,
    ],
    ['text matches "b"', { text: 'abc' }, true],
    ['text matches "B"', { text: 'abc' }, false],
    ['number matches "^10$"', { number: 10 }, true],
    ['number matches "13.5"', { number: 13.5 }, true],
    ['date matches ""', { date: new Date() }, false],
    ['boolean notmatches "x"', { boolean: true }, true],
  ])('%s for %o: %s', (text, values, expected) => {
    const [name, operator, ...rest] = text.split(' ')
    expect(holds(conditionOf({ column: name, operator, value: JSON.parse(rest.join(' ')) }), values)).toBe(expected)
  })

  it('refuses a column that is not there, and an empty combination, instead of letting rows through', () => {
    const refused = (condition: Condition) => {
      try {
        createEvaluator(condition, { typeOf, now })
      } catch (error) {
        return isProblem(error) ? error.code : error
      }
      return undefined
    }
    expect(refused({ column: 'missing', operator: 'isnull' })).toBe('data_refused')
    expect(refused({ and: [] })).toBe('internal')
    expect(refused({ or: [] })).toBe('internal')
  })
})

type ConditionText = string
