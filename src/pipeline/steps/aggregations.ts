import * as z from 'zod'
import { record } from '../parsing/record.ts'
import { carried, orderKeys, ref, type SqlContext, select } from '../sql/context.ts'
import { type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { findColumns, stepProblem } from './columns.ts'
import { columnName, columnNames } from './fields.ts'

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
] as const
export type AggFunction = (typeof functions)[number]

/** What one aggregation of a step says: a function, and a new column for each of its columns. */
export const aggregation = record(
  {
    newColumns: z.array(columnName),
    aggFunction: z.enum(functions),
    columns: columnNames.min(1, 'Aggregate at least one column.'),
  },
  {
    newcolumns: 'newColumns',
    newcolumn: { list: 'newColumns' },
    newColumn: { list: 'newColumns' },
    column: { list: 'columns' },
    aggfunction: 'aggFunction',
  },
).check(({ value, issues }) => {
  if (value.newColumns.length === value.columns.length) return
  issues.push({ code: 'custom', message: 'There should be one new column for each column.', input: value })
})

export interface Figure {
  readonly column: Column
  readonly source: string
  readonly aggFunction: AggFunction
}

/**
 * The new columns with what they are computed from. Errors: `pipeline_invalid` for columns that are missing or hold no numbers where
 * numbers are needed.
 */
export function figuresOf(
  step: AnyStep,
  aggregations: readonly z.output<typeof aggregation>[],
  input: readonly Column[],
): Figure[] {
  const sources = aggregations.flatMap(({ columns }) => columns)
  const types = new Map(findColumns(step, sources, input).map(({ name, type }) => [name, type]))
  return aggregations.flatMap(({ newColumns, columns, aggFunction }) =>
    columns.map((source, index): Figure => {
      const type = figureType(step, { aggFunction, source, type: types.get(source) ?? 'text' })
      return { column: { name: newColumns[index] ?? source, type }, source, aggFunction }
    }),
  )
}

function figureType(
  step: AnyStep,
  { aggFunction, source, type }: { aggFunction: AggFunction; source: string; type: ColumnType },
): ColumnType {
  if (aggFunction.startsWith('count')) return 'integer'
  if (aggFunction !== 'sum' && aggFunction !== 'avg') return type
  if (type !== 'integer' && type !== 'number') {
    throw stepProblem(step, `"${aggFunction}" needs numbers, and the column "${source}" is ${type}.`, {
      column: source,
    })
  }
  return aggFunction === 'avg' ? 'number' : type
}

/** The rows as the aggregations need them, for databases that find a first row only by a number. Their order is the same. */
export function figureRows(
  input: Relation,
  aggregations: readonly Pick<Figure, 'aggFunction'>[],
  context: SqlContext,
): Relation {
  const ordered = aggregations.some(({ aggFunction }) => aggFunction === 'first' || aggFunction === 'last')
  if (!context.dialect.numbersRows || !ordered || input.order.length === 0) return input
  const number = context.fresh({ name: '', type: 'integer' })
  const position = sql`row_number() OVER (ORDER BY ${orderKeys(input.order, context.dialect)}) AS ${ref(number)}`
  const from = context.cte(select(sql`${carried(input)}, ${position}`, input.from))
  return { ...input, from, order: [{ id: number.id, descending: false }] }
}

interface FigureScope {
  /** Count rows instead of values. */
  readonly countNulls?: boolean
  readonly input: Relation
  readonly context: SqlContext
}

/** The figure of each group, for a query over `input.from`. */
export function figureSql(
  aggFunction: AggFunction,
  column: SqlColumn,
  { countNulls = false, input, context }: FigureScope,
): Sql {
  const { dialect } = context
  const value = ref(column)
  switch (aggFunction) {
    case 'sum':
      return dialect.sum(value, column.type)
    case 'avg':
      return dialect.average(value, column.type)
    case 'min':
      return dialect.minimum(value, column.type)
    case 'max':
      return dialect.maximum(value, column.type)
    case 'count':
      return countNulls ? sql`count(*)` : sql`count(${value})`
    case 'count distinct':
      return sql`count(DISTINCT ${value})`
    case 'count distinct including empty':
      return sql`count(DISTINCT ${value}) + coalesce(max(CASE WHEN ${value} IS NULL THEN 1 ELSE 0 END), 0)`
    case 'first':
      return dialect.first(value, column.type, { keys: input.order, backwards: false })
    case 'last':
      return dialect.first(value, column.type, { keys: input.order, backwards: true })
  }
}
