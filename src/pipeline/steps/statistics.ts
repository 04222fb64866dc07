import * as z from 'zod'
import { statisticsMongo } from '../mongo/statistics.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { bind, joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { windowSql } from '../sql/window.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { findNumbers } from './column-types.ts'
import { findColumns, refuseRepeated } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional, wholeNumber } from './fields.ts'
import { type StatisticName, statisticNames } from './statistic-names.ts'

const quantile = record({ label: columnName.nullish(), nth: wholeNumber(0), order: wholeNumber(1) }).check(
  ({ value, issues }) => {
    if (value.nth <= value.order) return
    issues.push({
      code: 'custom',
      message: `There are only ${value.order} such quantiles.`,
      input: value,
      path: ['nth'],
    })
  },
)

const fields = record({
  column: columnName,
  groupbyColumns: optional(columnNames, []),
  statistics: optional(z.array(z.enum(statisticNames)), []),
  quantiles: optional(z.array(quantile), []),
}).check(({ value, issues }) => {
  if (value.statistics.length + value.quantiles.length > 0) return
  issues.push({ code: 'custom', message: 'Ask for statistics, or quantiles, or both.', input: value })
})

type StatisticsStep = AnyStep & z.output<typeof fields>

export const statistics = defineStep({
  name: 'statistics',
  summary:
    'Figures about the numbers of a column, in all or in each group: nulls are left out, the variance is that of a population, quantiles are interpolated between neighbours.',
  example: {
    step: {
      column: 'price',
      groupbyColumns: ['category'],
      statistics: ['count', 'max', 'average'],
      quantiles: [{ label: 'median', nth: 1, order: 2 }],
    },
    input: {
      columns: { category: 'text', price: 'number' },
      rows: [
        ['fruit', 1],
        ['fruit', 6],
        ['fruit', 2],
        ['drinks', 4.5],
        ['drinks', 2],
        ['drinks', null],
      ],
    },
    output: {
      columns: { category: 'text', count: 'integer', max: 'number', average: 'number', median: 'number' },
      rows: [
        ['drinks', 2, 4.5, 3.25, 3.25],
        ['fruit', 3, 6, 3, 2],
      ],
    },
  },
  fields,
  columns: (step, input) => {
    const columns = [...groupsOf(step, input), ...figuresOf(step, input)]
    refuseRepeated(
      step,
      columns.map(({ name }) => name),
    )
    return columns
  },
  sql: (step, input, context) => {
    const groups = groupsOf(step, input.columns).map(({ name }) => columnOf(input, name))
    const value = columnOf(input, step.column)
    const numbered = step.quantiles.length > 0 ? numberedRows(groups, value, { input, context }) : undefined
    const columns = figuresOf(step, input.columns).map(context.fresh)
    const figures = [
      ...step.statistics.map((name) => statisticSql(name, value, context)),
      ...(numbered ? step.quantiles.map(({ nth, order }) => quantileSql(nth / order, numbered, context)) : []),
    ]
    const named = columns.map((column, index) => sql`${figures[index] ?? ref(value)} AS ${ref(column)}`)
    const rows = select(joinSql([...groups.map(ref), ...named], ', '), (numbered ?? input).from)
    return {
      from: context.barrier(groups.length > 0 ? sql`${rows} GROUP BY ${joinSql(groups.map(ref), ', ')}` : rows),
      columns: [...groups, ...columns],
      order: groups.map(({ id }) => ({ id, descending: false })),
      inOrder: groups.length === 0,
    }
  },
  mongo: (step, input, context) => {
    const groups = groupsOf(step, input.columns).map(({ name }) => columnOf(input, name))
    const value = columnOf(input, step.column)
    const fractions = step.quantiles.map(({ nth, order }) => nth / order)
    const columns = figuresOf(step, input.columns)
    return statisticsMongo({ groups, value, statistics: step.statistics, fractions, columns }, input, context)
  },
})

function groupsOf(step: StatisticsStep, input: readonly Column[]): Column[] {
  return findColumns(step, [...new Set(step.groupbyColumns)], input)
}

/** The new columns: the statistics, then the quantiles. */
function figuresOf(step: StatisticsStep, input: readonly Column[]): Column[] {
  const [{ type } = { type: 'text' as ColumnType }] = findColumns(step, [step.column], input)
  const isComputed = step.quantiles.length > 0 || step.statistics.some((name) => !plain.has(name))
  if (isComputed) findNumbers(step, [step.column], input)
  return [
    ...step.statistics.map((name): Column => {
      if (name === 'count') return { name, type: 'integer' }
      return { name, type: plain.has(name) ? type : 'number' }
    }),
    ...step.quantiles.map(({ label, nth, order }): Column => {
      return { name: label ?? `${nth}-th ${order}-quantile`, type: 'number' }
    }),
  ]
}

/** What can be said about values that are no numbers, too. */
const plain: ReadonlySet<StatisticName> = new Set(['count', 'max', 'min'])

interface Numbered {
  readonly from: Sql
  readonly value: Sql
  /** The position of the value in its group, from 1; nulls come after the others. */
  readonly position: Sql
  /** How many values of its group are not null. */
  readonly count: Sql
}

function numberedRows(
  groups: readonly SqlColumn[],
  value: SqlColumn,
  { input, context }: { readonly input: Relation; readonly context: SqlContext },
): Numbered {
  const position = ref(context.fresh({ name: '', type: 'integer' }))
  const count = ref(context.fresh({ name: '', type: 'integer' }))
  const ascending = windowSql({ by: groups, order: [{ id: value.id, descending: false }] }, context.dialect)
  const whole = windowSql({ by: groups }, context.dialect)
  const kept = [...new Set([...groups, value])].map(ref)
  const list = [
    ...kept,
    sql`row_number() OVER (${ascending}) AS ${position}`,
    sql`count(${ref(value)}) OVER (${whole}) AS ${count}`,
  ]
  const from = context.barrier(select(joinSql(list, ', '), input.from))
  return { from, value: ref(value), position, count }
}

function statisticSql(name: StatisticName, column: SqlColumn, { dialect }: SqlContext): Sql {
  const value = ref(column)
  switch (name) {
    case 'count':
      return sql`count(${value})`
    case 'max':
      return dialect.maximum(value, column.type)
    case 'min':
      return dialect.minimum(value, column.type)
    case 'average':
      return dialect.average(value, column.type)
    case 'variance':
      return dialect.groups.variance(value)
    case 'standard deviation':
      return sql`sqrt(${dialect.groups.variance(value)})`
  }
}

/**
 * Not the database's own quantile: they interpolate differently, and some have none. At `fraction` of the way from the first value to
 * the last one; between two neighbours, so much of the way from one to the other as is left over.
 */
function quantileSql(fraction: number, { value, position, count }: Numbered, { dialect }: SqlContext): Sql {
  const way = (rows: Sql): Sql => sql`(${bind(fraction, 'number')} * (${rows} - 1))`
  const at = (place: Sql): Sql =>
    sql`max(CASE WHEN ${position} = ${place} + 1 THEN ${dialect.groups.double(value)} END)`
  const [lower, upper] = [at(sql`floor(${way(count)})`), at(sql`-floor(-${way(count)})`)]
  const whole = way(sql`max(${count})`)
  const rest = sql`(${whole} - floor(${whole}))`
  const step = dialect.operate('*', [dialect.operate('-', [upper, lower], 'number'), rest], 'number')
  return dialect.finite(dialect.operate('+', [lower, step], 'number'))
}
