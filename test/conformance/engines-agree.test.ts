import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isProblem } from '../../src/base/index.ts'
import type { Column, Value } from '../../src/pipeline/index.ts'
import { duckdb } from './engines/duckdb.ts'
import type { ConformanceEngine, OpenEngine } from './engines/engine.ts'
import { mariadb } from './engines/mariadb.ts'
import { postgres } from './engines/postgres.ts'
import type { ConformanceCase } from './load-cases.ts'
import type { Table } from './table.ts'

const runs = Number(process.env.LAPUTA_TEST_RUNS ?? 40)

const columns: readonly Column[] = [
  { name: 'i', type: 'integer' },
  { name: 'j', type: 'integer' },
  { name: 'n', type: 'number' },
  { name: 'm', type: 'number' },
  { name: 't', type: 'text' },
  { name: 'u', type: 'text' },
  { name: 'b', type: 'boolean' },
  { name: 'd', type: 'date' },
]

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 5 })
const integer = fc.constantFrom<Value>(
  0,
  1,
  -1,
  7,
  2 ** 53 - 1,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
  3n ** 39n,
)
const number = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    0.1,
    0.2,
    0.3,
    -5.5,
    1e15,
    1e21,
    5e-324,
    1e-310,
    1e-7,
    1e200,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
/** Their sums are exact in any order. */
const quarter = fc.integer({ min: -4_000_000, max: 4_000_000 }).map((value) => value / 4)
const texts = [
  '',
  ' ',
  'a',
  'A',
  'a ',
  'b',
  'é',
  'e\u0301',
  'ß',
  '😀',
  '\uFFFD',
  "'",
  '\\',
  '%',
  '_',
  '{{x}}',
  '`"]',
  '10',
  'a\nb',
]
const text = fc.constantFrom(...texts)
const date = fc
  .constantFrom(
    '2024-02-29T00:00:00.000Z',
    '2024-02-29T12:30:01.250Z',
    '1969-12-31T23:59:59.999Z',
    '1000-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z',
  )
  .map((iso) => new Date(iso))

const row = fc.tuple(
  orNull(integer),
  orNull(fc.integer({ min: -3, max: 3 })),
  orNull(number),
  orNull(quarter),
  orNull(text),
  orNull(text),
  orNull(fc.boolean()),
  orNull(date),
)
const table: fc.Arbitrary<Table> = fc.array(row, { maxLength: 12 }).map((rows) => ({ columns, rows }))

const name = fc.constantFrom('i', 'j', 'n', 'm', 't', 'u', 'b', 'd')
const order = fc.constantFrom('asc', 'desc')
const patterns = [
  'a',
  '^a$',
  '(?i)A',
  '^$',
  'é|ß',
  '[^a]',
  '\\s',
  '\\bb',
  '\\d{1,2}',
  '(?m)^b',
  '\\pL',
  '😀',
  '\\.',
  '1.?e',
  '(?s)a.b',
  'a{0,300}b',
]
const comparison = fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge')
const leaf = fc.oneof(
  fc.record({
    column: fc.constantFrom('i', 'j'),
    operator: comparison,
    value: fc.oneof(orNull(integer), fc.constantFrom(0.5, 1e300, 'x')),
  }),
  fc.record({ column: fc.constantFrom('n', 'm'), operator: comparison, value: orNull(number) }),
  fc.record({ column: fc.constantFrom('t', 'u'), operator: comparison, value: orNull(text) }),
  fc.record({ column: fc.constant('b'), operator: comparison, value: orNull(fc.boolean()) }),
  fc.record({ column: fc.constant('d'), operator: comparison, value: orNull(date) }),
  fc.record({ column: fc.constant('d'), operator: fc.constantFrom('from', 'until'), value: date }),
  fc.record({
    column: fc.constantFrom('t', 'u', 'i'),
    operator: fc.constantFrom('in', 'nin'),
    value: fc.array(orNull(fc.oneof(text, integer)), { maxLength: 4 }),
  }),
  fc.record({
    column: fc.constantFrom('t', 'u', 'i', 'n', 'm'),
    operator: fc.constantFrom('matches', 'notmatches'),
    value: fc.constantFrom(...patterns),
  }),
  fc.record({ column: name, operator: fc.constantFrom('isnull', 'notnull') }),
)
const condition = fc.oneof(
  { weight: 3, arbitrary: leaf },
  fc.array(leaf, { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
  fc.array(leaf, { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
)

const { formula } = fc.letrec<{ formula: string }>((tie) => ({
  formula: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('i', 'j', 'n', 'm', '0', '2', '0.5', '9223372036854775807', '1e300', 'null'),
    fc
      .tuple(tie('formula'), fc.constantFrom('+', '-', '*', '/', '%'), tie('formula'))
      .map(([a, o, b]) => `(${a} ${o} ${b})`),
    tie('formula').map((inner) => `-(${inner})`),
  ),
}))
const textFormula = fc.constantFrom('t + u', "'x' + t", "u + ' ' + t + ''", 'null + t')

const figure = fc.oneof(
  fc.record({
    aggfunction: fc.constantFrom(
      'min',
      'max',
      'first',
      'last',
      'count',
      'count distinct',
      'count distinct including empty',
    ),
    column: name,
  }),
  fc.record({ aggfunction: fc.constant('sum'), column: fc.constantFrom('i', 'j', 'm') }),
  fc.record({ aggfunction: fc.constant('avg'), column: fc.constantFrom('j', 'm') }),
)
const newName = fc.constantFrom('f', 'g', 'h')

const step: fc.Arbitrary<object> = fc.oneof(
  fc.record({ name: fc.constant('filter'), condition }),
  fc.record({
    name: fc.constant('sort'),
    columns: fc.array(fc.record({ column: name, order }), { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    name: fc.constant('select'),
    columns: fc.shuffledSubarray(['i', 'j', 'n', 'm', 't', 'u', 'b', 'd'], { minLength: 6 }),
  }),
  fc.record({ name: fc.constant('delete'), columns: fc.array(name, { minLength: 1, maxLength: 1 }) }),
  fc.constantFrom(
    {
      name: 'rename',
      to_rename: [
        ['t', 'u'],
        ['u', 't'],
      ],
    },
    {
      name: 'rename',
      to_rename: [
        ['d', 'now'],
        ['i', 'd'],
      ],
    },
  ),
  fc.record({
    name: fc.constant('top'),
    rankOn: name,
    sort: order,
    limit: fc.integer({ min: 0, max: 5 }),
    groups: fc.uniqueArray(name, { maxLength: 2 }),
  }),
  fc.record({
    name: fc.constant('formula'),
    newColumn: newName,
    formula: fc.oneof({ weight: 3, arbitrary: formula }, textFormula),
  }),
  fc.record({
    name: fc.constant('aggregate'),
    on: fc.uniqueArray(name, { maxLength: 3 }),
    keepOriginalGranularity: fc.boolean(),
    countNulls: fc.boolean(),
    aggregations: fc
      .array(figure, { minLength: 1, maxLength: 4 })
      .map((list) =>
        list.map(({ aggfunction, column }, index) => ({ aggfunction, columns: [column], newcolumns: [`x${index}`] })),
      ),
  }),
  fc.record({
    name: fc.constant('join'),
    rightPipeline: fc.constantFrom<object | string>('other', [
      { name: 'domain', domain: 'other' },
      { name: 'top', rankOn: 'n', sort: 'asc', limit: 3 },
    ]),
    type: fc.constantFrom('left', 'inner', 'full outer'),
    on: fc.array(fc.tuple(name, name), { minLength: 1, maxLength: 2 }),
  }),
)

/** Texts that are numbers, booleans or dates, or nearly. */
const readable = fc.constantFrom(
  '1',
  ' 42 ',
  '-7.9',
  '+.5',
  '5.',
  '1e3',
  '1E400',
  '-1e-400',
  '9223372036854775807',
  '9223372036854775808',
  '0x10',
  '1_000',
  'true',
  'FALSE',
  ' 0',
  'nan',
  '2024-02-29',
  '2023-02-29',
  '2024-13-01',
  '2024-02-29T23:59:59.999Z',
  '2024-02-29 10:00+02:00',
  '2024-03-10T00:30:00-0130',
  '29/02/2024',
  '12 mars 2024',
  'abc,def',
  ',',
  ',,',
  'aXbXc',
  '\u00a0x\u2003',
  'ÀÉÎ',
  'straße',
  'ΑΣ',
  '',
)
const richRow = fc.tuple(
  orNull(integer),
  orNull(fc.integer({ min: -3, max: 3 })),
  orNull(number),
  orNull(quarter),
  orNull(fc.oneof(text, readable)),
  orNull(readable),
  orNull(fc.boolean()),
  orNull(fc.integer({ min: -2_000, max: 2_000 }).map((hours) => new Date(Date.UTC(2024, 1, 29) + hours * 3_600_250))),
)
const richTable: fc.Arbitrary<Table> = fc.array(richRow, { maxLength: 10 }).map((rows) => ({ columns, rows }))
const textName = fc.constantFrom('t', 'u')
const anyName = fc.constantFrom('i', 'j', 'm', 't', 'u', 'b', 'd')
const groups = fc.uniqueArray(fc.constantFrom('j', 't', 'b'), { maxLength: 2 })
const position = fc.integer({ min: -4, max: 4 }).filter((place) => place !== 0)

const richStep: fc.Arbitrary<object> = fc.oneof(
  fc.record({ name: fc.constantFrom('lowercase', 'uppercase'), column: textName }),
  fc.record({ name: fc.constant('trim'), columns: fc.tuple(textName) }),
  fc.record({
    name: fc.constant('replacetext'),
    searchColumn: textName,
    oldStr: fc.constantFrom('a', ',', 'X', '\\', 'aa'),
    newStr: fc.constantFrom('', 'a', '%'),
  }),
  fc.record({
    name: fc.constant('substring'),
    column: anyName,
    startIndex: position,
    endIndex: position,
    newColumnName: fc.constant('s'),
  }),
  fc.record({
    name: fc.constant('split'),
    column: textName,
    delimiter: fc.constantFrom(',', 'X', ' ', '-', ',,'),
    numberColsToKeep: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    name: fc.constant('concatenate'),
    columns: fc.array(anyName, { minLength: 2, maxLength: 4 }),
    separator: fc.constantFrom('', ' - '),
    newColumnName: fc.constant('s'),
  }),
  fc.record({
    name: fc.constant('convert'),
    columns: fc.tuple(fc.constantFrom('i', 'j', 'n', 'm', 't', 'u', 'b', 'd')),
    dataType: fc.constantFrom('integer', 'float', 'text', 'date', 'boolean'),
  }),
  fc.record({ name: fc.constant('absolutevalue'), column: fc.constantFrom('i', 'n'), newColumn: fc.constant('s') }),
  fc.record({ name: fc.constant('comparetext'), newColumnName: fc.constant('s'), strCol1: anyName, strCol2: anyName }),
  fc.record({ name: fc.constant('fillna'), columns: fc.tuple(textName), value: text }),
  fc.record({
    name: fc.constant('ifthenelse'),
    newColumn: fc.constant('s'),
    if: condition,
    // biome-ignore lint/suspicious/noThenProperty: clients call the field so.
    then: formula,
    else: formula,
  }),
  fc
    .record({
      name: fc.constant('dateextract'),
      column: fc.constant('d'),
      dateInfo: fc.constant([
        'year',
        'quarter',
        'month',
        'day',
        'week',
        'dayOfYear',
        'dayOfWeek',
        'isoYear',
        'isoWeek',
        'isoDayOfWeek',
        'hour',
        'minutes',
        'seconds',
        'milliseconds',
        'firstDayOfYear',
        'firstDayOfQuarter',
        'firstDayOfMonth',
        'firstDayOfWeek',
        'firstDayOfIsoWeek',
        'previousDay',
        'firstDayOfPreviousQuarter',
      ]),
    })
    .map((step) => ({ ...step, newColumns: step.dateInfo.map((info) => `x ${info}`) })),
  fc.record({
    name: fc.constant('dategranularity'),
    column: fc.constantFrom('d', 'u'),
    granularity: fc.constantFrom('day', 'isoWeek', 'week', 'month', 'quarter', 'year'),
  }),
  fc.record({
    name: fc.constant('duration'),
    newColumnName: fc.constant('s'),
    startDateColumn: fc.constant('d'),
    endDateColumn: fc.constantFrom('d', 'u'),
    durationIn: fc.constantFrom('seconds', 'minutes', 'hours', 'days'),
  }),
  fc.record({ name: fc.constant('todate'), column: fc.constantFrom('t', 'u', 'j') }),
  fc.record({
    name: fc.constant('fromdate'),
    column: fc.constant('d'),
    format: fc.constantFrom('%Y-%m-%d', '%d %b %y %H:%M:%S', '%B %-d'),
  }),
  fc.record({
    name: fc.constant('addmissingdates'),
    datesColumn: fc.constant('d'),
    datesGranularity: fc.constantFrom('day', 'week', 'month', 'year'),
    groups,
  }),
  fc.record({
    name: fc.constant('evolution'),
    dateCol: fc.constant('d'),
    valueCol: fc.constantFrom('m', 'j'),
    evolutionType: fc.constantFrom('vsLastYear', 'vsLastMonth', 'vsLastWeek', 'vsLastDay'),
    evolutionFormat: fc.constantFrom('abs', 'pct'),
    indexColumns: groups,
  }),
  fc.record({
    name: fc.constant('cumsum'),
    toCumSum: fc.constantFrom([['i', 's']], [['m', 's']], [['j', null]]),
    referenceColumn: anyName,
    groupby: groups,
  }),
  fc.record({
    name: fc.constant('rank'),
    valueCol: anyName,
    order,
    method: fc.constantFrom('standard', 'dense'),
    groupby: groups,
  }),
  fc.record({
    name: fc.constant('movingaverage'),
    valueColumn: fc.constant('m'),
    columnToSort: anyName,
    movingWindow: fc.integer({ min: 1, max: 4 }),
    groups,
  }),
  fc.record({ name: fc.constant('percentage'), column: fc.constantFrom('j', 'm'), group: groups }),
  fc.record({ name: fc.constantFrom('argmax', 'argmin'), column: anyName, groups }),
  fc.record({ name: fc.constant('uniquegroups'), on: fc.uniqueArray(anyName, { minLength: 1, maxLength: 3 }) }),
  fc.record({ name: fc.constant('append'), pipelines: fc.constant(['other']) }),
  fc.record({
    name: fc.constant('unpivot'),
    keep: fc.constant(['b']),
    unpivot: fc.constantFrom(['j', 'm'], ['t', 'u', 'i'], ['d']),
    unpivotColumnName: fc.constant('k'),
    valueColumnName: fc.constant('v'),
    dropna: fc.boolean(),
  }),
)

type Answer = Table | { readonly refused: string }

async function ask(engine: OpenEngine, fixture: ConformanceCase): Promise<Answer> {
  try {
    const answer = await engine.run(fixture)
    if ('unable' in answer) throw new Error(answer.unable)
    // Only one of the zeros is to be seen in an answer.
    const rows = answer.rows.map((cells) => cells.map((value) => (value === 0 ? 0 : value)))
    return { columns: answer.columns, rows }
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return { refused: error.message }
    throw error
  }
}

describe.each([postgres, mariadb])('DuckDB and $name', (server: ConformanceEngine) => {
  describe.runIf(process.env[server.variable ?? ''])('with a server', () => {
    let here: OpenEngine
    let there: OpenEngine
    beforeAll(async () => {
      here = await duckdb.open()
      there = await server.open()
    })
    afterAll(async () => {
      await here.close()
      await there.close()
    })

    it.each([
      { steps: step, tables: table, what: 'rows, columns and formulas' },
      { steps: richStep, tables: richTable, what: 'texts, dates and groups' },
    ])('give the same rows for the same pipeline: $what', { timeout: 300_000 }, async ({ steps: one, tables }) => {
      let answered = 0
      const property = fc.asyncProperty(
        tables,
        tables,
        fc.array(one, { minLength: 1, maxLength: 6 }),
        async (own, other, steps) => {
          const fixture: ConformanceCase = {
            file: 'random',
            step: 'random',
            pipeline: [{ name: 'domain', domain: 'in' }, ...steps],
            domains: new Map([
              ['in', own],
              ['other', other],
            ]),
            expected: own,
            strict: true,
            ordered: true,
          }
          const expected = await ask(here, fixture)
          if (!('refused' in expected)) answered++
          expect(await ask(there, fixture)).toEqual(expected)
        },
      )
      await fc.assert(property, { numRuns: runs, interruptAfterTimeLimit: 75_000 })
      expect(answered).toBeGreaterThan(runs / 4)
    })
  })
})
