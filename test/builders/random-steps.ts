import type { Column, ColumnType } from '../../src/pipeline/index.ts'

/** Names of columns, some of which mean something elsewhere. */
export const names = [
  'a',
  '$where',
  '$expr',
  'a.b',
  '.',
  '$$ROOT',
  '__proto__',
  'constructor',
  'null',
  '😀',
  ' ',
  'x'.repeat(300),
  'a\u0000b',
  '"',
]
/** Texts, likewise. */
export const texts = [
  '',
  'a',
  '$where',
  '$a',
  '$$ROOT',
  'a.b',
  '{"$gt":""}',
  "'; --",
  '\u0000',
  '😀',
  'été',
  'A',
  'a\nb',
]

export interface Draw {
  pick<T>(list: readonly T[]): T
  columns: readonly Column[]
}

/** Choices out of numbers, for steps that fit whatever columns there are. */
export function drawFrom(numbers: readonly number[], columns: readonly Column[]): Draw {
  let at = 0
  return {
    columns,
    pick: (list) => list[(numbers[at++ % numbers.length] ?? 0) % list.length]!,
  }
}

const constants: readonly unknown[] = [
  null,
  0,
  1,
  2.5,
  -0.25,
  '',
  'a',
  '$where',
  true,
  '2024-02-28',
  '2024-02-29T13:00',
]
const constantsOf: { readonly [T in ColumnType]: readonly unknown[] } = {
  integer: [0, 1, 2, null],
  number: [0, 1, -0.25, null],
  text: ['', 'a', '$where', null],
  boolean: [true, false, null],
  date: ['2024-02-28', '2024-02-29T13:00', null],
}
const functions = [
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'count distinct',
  'count distinct including empty',
  'first',
  'last',
]

function condition({ pick, columns }: Draw): object {
  const { name: column } = pick(columns)
  const operator = pick([
    'eq',
    'ne',
    'lt',
    'le',
    'gt',
    'ge',
    'in',
    'nin',
    'isnull',
    'notnull',
    'matches',
    'notmatches',
    'from',
    'until',
  ])
  if (operator === 'in' || operator === 'nin') return { column, operator, value: [pick(constants), pick(constants)] }
  if (operator.endsWith('matches'))
    return { column, operator, value: pick(['^a', 'a$', '(?i)A', '.', '[^a]', '\\$', '\\d', '^$', '(?m)^b']) }
  if (operator === 'from' || operator === 'until') return { column, operator, value: '2024-02-28T10:00' }
  if (operator.endsWith('null')) return { column, operator }
  return { column, operator, value: pick(constants) }
}

function formula({ pick, columns }: Draw): string {
  const isText = pick(columns).type === 'text'
  const fitting = columns.filter(({ type }) => (isText ? type === 'text' : type === 'integer' || type === 'number'))
  const constants = isText ? ['"$a"', "''"] : ['2', '0', '0.25', 'null']
  const operand = () => pick([...fitting.map(({ name }) => `[${name}]`), ...constants])
  if (isText) return `${operand()} + ${operand()}`
  const operator = () => pick(['+', '-', '*', '%', '/ 4 +', '+'])
  return `${pick(['', '', '-'])}(${operand()} ${operator()} ${operand()}) ${operator()} ${operand()}`
}

/** Steps as clients send them. Some do not fit the columns, and are refused. */
export const randomSteps: readonly ((draw: Draw) => object)[] = [
  (draw) => ({ name: 'filter', condition: condition(draw) }),
  (draw) => ({ name: 'filter', condition: { [draw.pick(['and', 'or'])]: [condition(draw), condition(draw)] } }),
  ({ pick, columns }) => ({ name: 'select', columns: [pick(columns).name, pick(columns).name, pick(columns).name] }),
  ({ pick, columns }) => ({ name: 'delete', columns: [pick(columns).name] }),
  ({ pick, columns }) => ({ name: 'rename', to_rename: [[pick(columns).name, pick(names)]] }),
  ({ pick, columns }) => ({
    name: 'sort',
    columns: [0, 1].map(() => ({ column: pick(columns).name, order: pick(['asc', 'desc']) })),
  }),
  ({ pick, columns }) => ({
    name: 'top',
    rank_on: pick(columns).name,
    sort: pick(['asc', 'desc']),
    limit: pick([0, 1, 2, 4]),
    groups: pick([[], [pick(columns).name], [pick(columns).name, pick(columns).name]]),
  }),
  ({ pick, columns }) => ({
    name: 'aggregate',
    on: pick([[], [pick(columns).name], [pick(columns).name, pick(columns).name]]),
    aggregations: [0, 1].map((n) => ({
      columns: [pick(columns).name],
      newcolumns: [`new ${n}`],
      aggfunction: pick(functions),
    })),
    keep_original_granularity: pick([true, false]),
    count_nulls: pick([true, false]),
  }),
  (draw) => ({
    name: 'formula',
    new_column: draw.pick([...names, ...draw.columns.map(({ name }) => name)]),
    formula: formula(draw),
  }),
  ({ pick, columns }) => ({ name: 'absolutevalue', column: pick(columns).name, new_column: pick(names) }),
  ({ pick, columns }) => ({
    name: 'comparetext',
    str_col_1: pick(columns).name,
    str_col_2: pick(columns).name,
    new_column_name: pick(names),
  }),
  ({ pick, columns }) => ({
    name: 'concatenate',
    columns: [pick(columns).name, pick(columns).name],
    separator: pick(texts),
    new_column_name: pick(names),
  }),
  ({ pick, columns }) => ({ name: 'duplicate', column: pick(columns).name, new_column_name: pick(names) }),
  ({ pick, columns }) => ({ name: 'fillna', column: pick(columns).name, value: pick(constants) }),
  ({ pick, columns }) => {
    const { name, type } = pick(columns)
    const value = () => pick(pick([constantsOf[type], constantsOf[type], constants]))
    return {
      name: 'replace',
      search_column: name,
      to_replace: [
        [value(), value()],
        [value(), value()],
      ],
    }
  },
  ({ pick, columns }) => ({
    name: 'replacetext',
    search_column: pick(columns).name,
    old_str: pick(texts),
    new_str: pick(texts),
  }),
  ({ pick }) => ({ name: 'text', text: pick(constants), new_column: pick(names) }),
  ({ pick, columns }) => ({
    name: 'split',
    column: pick(columns).name,
    delimiter: pick(['a', '.', '$', ' ']),
    number_cols_to_keep: pick([1, 2, 3]),
  }),
  ({ pick, columns }) => ({ name: 'trim', columns: [pick(columns).name] }),
  ({ pick, columns }) => ({
    name: 'substring',
    column: pick(columns).name,
    start_index: pick([1, 2, -1, -2, -9, 9]),
    end_index: pick([1, 2, -1, -2, -9, 9]),
  }),
  (draw) => ({
    name: 'ifthenelse',
    new_column: draw.pick(names),
    if: condition(draw),
    // biome-ignore lint/suspicious/noThenProperty: clients call the field so.
    then: formula(draw),
    // biome-ignore lint/suspicious/noThenProperty: clients call the field so.
    else: draw.pick([formula(draw), 'null', { if: condition(draw), then: 1, else: 'null' }]),
  }),
  ({ pick, columns }) => ({
    name: pick(['argmax', 'argmin']),
    column: pick(columns).name,
    groups: pick([[], [pick(columns).name]]),
  }),
  ({ pick, columns }) => ({
    name: 'rank',
    value_col: pick(columns).name,
    order: pick(['asc', 'desc']),
    method: pick(['standard', 'dense']),
    groupby: pick([[], [pick(columns).name]]),
  }),
  ({ pick, columns }) => ({
    name: 'cumsum',
    to_cum_sum: [[pick(columns).name, null]],
    reference_column: pick(columns).name,
    groupby: pick([[], [pick(columns).name]]),
  }),
  ({ pick, columns }) => ({ name: 'percentage', column: pick(columns).name, group: pick([[], [pick(columns).name]]) }),
  ({ pick, columns }) => ({
    name: 'movingaverage',
    value_column: pick(columns).name,
    column_to_sort: pick(columns).name,
    moving_window: pick([1, 2, 3]),
    groups: pick([[], [pick(columns).name]]),
  }),
  ({ pick, columns }) => ({ name: 'uniquegroups', on: [pick(columns).name, pick(columns).name] }),
  ({ pick, columns }) => ({
    name: 'unpivot',
    keep: [pick(columns).name],
    unpivot: [pick(columns).name, pick(columns).name],
    unpivot_column_name: 'u',
    value_column_name: 'v',
    dropna: pick([true, false]),
  }),
  ({ pick, columns }) => ({
    name: 'rollup',
    hierarchy: [pick(columns).name, pick(columns).name],
    groupby: pick([[], [pick(columns).name]]),
    aggregations: [{ columns: [pick(columns).name], newcolumns: ['new'], aggfunction: pick(functions) }],
  }),
  ({ pick, columns }) => ({
    name: 'statistics',
    column: pick(columns).name,
    groupby_columns: pick([[], [pick(columns).name]]),
    statistics: pick([['count', 'max', 'min'], ['average', 'variance'], []]),
    quantiles: pick([
      [{ nth: 1, order: 2 }],
      [
        { nth: 1, order: 3 },
        { nth: 3, order: 4 },
      ],
    ]),
  }),
  ({ pick, columns }) => ({
    name: 'totals',
    total_dimensions: pick([[pick(columns)], [pick(columns), pick(columns)]]).map(({ name }) => ({
      total_column: name,
      total_rows_label: pick(texts),
    })),
    groups: pick([[], [pick(columns).name]]),
    aggregations: [{ columns: [pick(columns).name], newcolumns: ['new'], aggfunction: pick(functions) }],
  }),
  ({ pick, columns }) => ({
    name: 'convert',
    columns: [pick(columns).name, pick(columns).name],
    data_type: pick(['integer', 'float', 'text', 'date', 'boolean']),
  }),
  ({ pick, columns }) => ({ name: 'todate', column: pick(columns).name, format: pick(['', '', '%Y-%m-%d', '%Y']) }),
  (draw) => ({ name: 'fromdate', column: dateColumn(draw), format: draw.pick(['%Y-%m-%d', '%A %-d %B %y', '%U $a']) }),
  (draw) => ({
    name: 'dateextract',
    column: dateColumn(draw),
    date_info: [draw.pick(dateParts), draw.pick(dateParts)],
    new_columns: ['part 1', 'part 2'],
  }),
  (draw) => ({
    name: 'dategranularity',
    column: dateColumn(draw),
    granularity: draw.pick(['day', 'week', 'isoWeek', 'month', 'quarter', 'year', '__VOID__']),
    ...draw.pick([{}, { new_column: draw.pick(names) }]),
  }),
  (draw) => ({
    name: 'duration',
    new_column_name: draw.pick(names),
    start_date_column: dateColumn(draw),
    end_date_column: dateColumn(draw),
    duration_in: draw.pick(['seconds', 'minutes', 'hours', 'days']),
  }),
  (draw) => ({
    name: 'evolution',
    date_col: dateColumn(draw),
    value_col: numberColumn(draw),
    evolution_type: draw.pick(['vsLastYear', 'vsLastMonth', 'vsLastWeek', 'vsLastDay', 'vsLastDay']),
    evolution_format: draw.pick(['abs', 'pct']),
    index_columns: draw.pick([[], [draw.pick(draw.columns).name]]),
  }),
  (draw) => ({
    name: 'addmissingdates',
    dates_column: dateColumn(draw),
    dates_granularity: draw.pick(['day', 'week', 'month', 'year']),
    groups: draw.pick([[], [draw.pick(draw.columns).name]]),
  }),
  (draw) => ({
    name: 'waterfall',
    value_column: numberColumn(draw),
    milestones_column: draw.pick(draw.columns).name,
    start: draw.pick([0, 1, 'a', '', true]),
    end: draw.pick([1, 2, 'A', false]),
    labels_column: draw.pick(draw.columns).name,
    parents_column: draw.pick([null, draw.pick(draw.columns).name]),
    groupby: draw.pick([[], [draw.pick(draw.columns).name]]),
    sort_by: draw.pick(['value', 'label']),
    order: draw.pick(['asc', 'desc']),
    backfill: draw.pick([true, false]),
  }),
  (draw) => ({ name: draw.pick(['lowercase', 'uppercase']), column: columnLike(draw, ['text']) }),
  ({ pick, columns }) => ({
    name: 'pivot',
    index: [pick(columns).name],
    column_to_pivot: pick(columns).name,
    value_column: pick(columns).name,
    agg_function: pick(['sum', 'avg', 'count', 'min', 'max']),
  }),
]

const dateParts = [
  'year',
  'week',
  'isoYear',
  'isoWeek',
  'milliseconds',
  'previousMonth',
  'previousQuarter',
  'previousDay',
]

/** A column of one of these types where there is one; else the step may not fit. */
function columnLike({ pick, columns }: Draw, types: readonly ColumnType[]): string {
  const fitting = columns.filter(({ type }) => types.includes(type))
  return pick(fitting.length > 0 ? fitting : columns).name
}

function dateColumn(draw: Draw): string {
  return columnLike(draw, ['date'])
}

function numberColumn(draw: Draw): string {
  return columnLike(draw, ['integer', 'number'])
}

export function randomJoin({ pick, columns }: Draw, right: { pipeline: object[]; columns: readonly Column[] }): object {
  const pair = () => [pick(columns).name, pick(right.columns).name]
  return {
    name: 'join',
    type: pick(['left', 'inner', 'full outer']),
    right_pipeline: right.pipeline,
    on: pick([[pair()], [pair()], [pair(), pair()]]),
  }
}

export function randomAppend({ pick }: Draw, others: readonly object[][]): object {
  return { name: 'append', pipelines: pick([[others[0]], others]) }
}
