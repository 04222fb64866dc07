import fc from 'fast-check'
import { condition, formula } from './expressions.ts'
import { order } from './row-steps.ts'
import { text } from './tables.ts'

const textName = fc.constantFrom('t', 'u')
const anyName = fc.constantFrom('i', 'j', 'm', 't', 'u', 'b', 'd')
const groups = fc.uniqueArray(fc.constantFrom('j', 't', 'b'), { maxLength: 2 })
const position = fc.integer({ min: -4, max: 4 }).filter((place) => place !== 0)

export const richStep: fc.Arbitrary<object> = fc.oneof(
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
