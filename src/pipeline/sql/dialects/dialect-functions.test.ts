import { describe, expect, it } from 'vitest'
import { compiled, exceptionsOf, outcome, parseError } from '../../../../test/builders/dialect-texts.ts'
import type { JsonObject } from '../../../base/index.ts'
import type { ExampleTable } from '../../index.ts'
import { textDialects } from './text-dialects.ts'

const table: ExampleTable = {
  columns: { text: 'text', number: 'number', integer: 'integer', boolean: 'boolean', date: 'date', end: 'date' },
  rows: [],
}

/** What the examples of the steps leave out of the functions of a dialect, by a name for each. */
const cases: readonly (readonly [name: string, step: string, fields: JsonObject])[] = [
  ...conversions(),
  ...['+', '-', '*', '/', '%'].flatMap((sign) =>
    ['number', 'integer'].map((column) => {
      const formula = `-${column} ${sign} (${column} ${sign} 3)`
      return [`formula ${column} ${sign}`, 'formula', { newColumn: 'x', formula }] as const
    }),
  ),
  ...['count distinct', 'min', 'max', 'first', 'last', 'count distinct including empty'].flatMap((aggFunction) =>
    ['text', 'number', 'integer', 'boolean', 'date'].map((column) => {
      const aggregations = [{ columns: [column], aggFunction, newColumns: ['x'] }]
      return [`aggregate ${aggFunction} ${column}`, 'aggregate', { on: ['text'], aggregations }] as const
    }),
  ),
  ...['sum', 'avg'].map((aggFunction) => {
    const aggregations = [{ columns: ['number'], aggFunction, newColumns: ['x'] }]
    return [`aggregate ${aggFunction}`, 'aggregate', { on: ['text'], aggregations }] as const
  }),
  ...dates(),
  ...[
    ['matches', 'matches', '^a\\d{2,}[^b-d]?(x|y)+\\.$'],
    ['word boundary', 'notmatches', '\\bfoo'],
    ['lines', 'matches', '(?m)^a$'],
  ].map(
    ([name, operator, value]) =>
      [`filter ${name}`, 'filter', { condition: { column: 'text', operator: operator!, value: value! } }] as const,
  ),
  ['filter number matches', 'filter', { condition: { column: 'number', operator: 'matches', value: '5' } }],
  ['filter date', 'filter', { condition: { column: 'date', operator: 'from', value: '2024-01-01' } }],
  ['variance', 'statistics', { column: 'number', statistics: ['variance', 'standard deviation'], quantiles: [] }],
  [
    'cumsum',
    'cumsum',
    {
      toCumSum: [
        ['integer', ''],
        ['number', 'n'],
      ],
      referenceColumn: 'date',
    },
  ],
  ['substring', 'substring', { column: 'text', startIndex: -3, endIndex: 2 }],
  ['full join', 'join', { rightPipeline: 'example', type: 'full outer', on: [['integer', 'integer']] }],
]

function conversions(): (typeof cases)[number][] {
  const types = ['text', 'float', 'integer', 'boolean', 'date'] as const
  const columns = ['text', 'number', 'integer', 'boolean', 'date'] as const
  const pairs = columns.flatMap((column) => types.map((type) => [column, type] as const))
  return pairs
    .filter(([column, type]) => !(['date', 'boolean'].includes(column) && ['date', 'boolean'].includes(type)))
    .map(([column, dataType]) => [`convert ${column} ${dataType}`, 'convert', { columns: [column], dataType }])
}

function dates(): (typeof cases)[number][] {
  const infos = [
    'year',
    'quarter',
    'month',
    'day',
    'week',
    'dayOfWeek',
    'dayOfYear',
    'isoYear',
    'isoWeek',
    'isoDayOfWeek',
  ]
  const others = ['hour', 'minutes', 'seconds', 'milliseconds', 'firstDayOfWeek', 'firstDayOfIsoWeek', 'firstDayOfYear']
  const before = ['previousQuarter', 'previousWeek', 'firstDayOfPreviousMonth', 'previousDay']
  const all = '%Y-%m-%dT%H:%M:%S.%L %a %A %b %B %j %U %V %G %u %w %p %I %y %f %z %Z %-d'
  return [
    ...[...infos, ...others, ...before].map(
      (info) =>
        [`dateextract ${info}`, 'dateextract', { column: 'date', dateInfo: [info], newColumns: ['x'] }] as const,
    ),
    ...['week', 'month', 'year'].map(
      (period) =>
        [`addmissingdates ${period}`, 'addmissingdates', { datesColumn: 'date', datesGranularity: period }] as const,
    ),
    ...['vsLastYear', 'vsLastWeek', 'vsLastDay'].map((evolutionType) => {
      const fields = {
        dateCol: 'date',
        valueCol: 'number',
        evolutionType,
        evolutionFormat: 'abs',
        indexColumns: ['text'],
      }
      return [`evolution ${evolutionType}`, 'evolution', fields] as const
    }),
    ['fromdate', 'fromdate', { column: 'date', format: all }],
    ['todate format', 'todate', { column: 'text', format: "%d o'clock \\ %B %Y %H:%M:%S.%f %z" }],
    ['todate number', 'todate', { column: 'integer' }],
  ]
}

describe.each([...textDialects])('the functions of $dialect.name', (entry) => {
  const exceptions = exceptionsOf(entry)
  // The grammar of BigQuery there lacks half of what these take, as exceptions of the golden files show.
  const parser = entry.parser === 'bigquery' ? undefined : entry.parser

  it.each(cases)('%s', async (name, step, fields) => {
    const result = await outcome(() =>
      compiled(entry, { name: step, example: { step: fields, input: table, output: table } }),
    )
    if ('refusal' in result) {
      expect(result.refusal).toContain(exceptions.refused[name] ?? 'a refusal that exceptions.json lists')
      return
    }
    expect(exceptions.refused[name]).toBeUndefined()
    if (!parser) return
    const error = await parseError(parser, result.parsed)
    if (name in exceptions.unparsed) expect(error).toBeDefined()
    else expect(error).toBeUndefined()
  })
})
