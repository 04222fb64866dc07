import * as z from 'zod'
import { record } from '../parsing/record.ts'
import { carried, columnOf, orderKeys, ref, reversedKeys, type SqlContext, select } from '../sql/context.ts'
import { joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { findColumns, repeatedName, stepProblem, withColumn } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

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
type AggFunction = (typeof functions)[number]

const aggregation = record(
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

const fields = record({
  on: optional(columnNames, []),
  aggregations: optional(z.array(aggregation), []),
  keepOriginalGranularity: optional(z.boolean(), false),
  countNulls: optional(z.boolean(), false),
}).check(({ value, issues }) => {
  if (value.on.length + value.aggregations.length > 0) return
  issues.push({ code: 'custom', message: 'Give groups in "on", or aggregations, or both.', input: value })
})

type AggregateFields = z.output<typeof fields>

export const aggregate = defineStep({
  name: 'aggregate',
  summary:
    'One row for each group, null being a group too, ordered by the groups; or the same figures beside every row.',
  fields,
  columns: (step, input) => {
    const figures = figuresOf(step, input)
    if (step.keepOriginalGranularity)
      return figures.reduce<readonly Column[]>((columns, { column }) => withColumn(columns, column), input)
    return [...groupsOf(step, input), ...figures.map(({ column }) => column)]
  },
  sql: (step, input, context) => {
    const groups = [...new Set(step.on)].map((name) => columnOf(input, name))
    const figures = figuresOf(step, input.columns).map(({ column, source, aggFunction }) => {
      const value = figureSql(aggFunction, columnOf(input, source), { step, input, context })
      return { column: context.fresh(column), value }
    })
    const keys = groups.map((group) => ({ group, key: step.keepOriginalGranularity ? context.fresh(group) : group }))
    const list = [
      ...keys.map(({ group, key }) => (group === key ? ref(group) : sql`${ref(group)} AS ${ref(key)}`)),
      ...figures.map(({ column, value }) => sql`${value} AS ${ref(column)}`),
    ]
    const grouped = select(joinSql(list, ', '), input.from)
    const by = joinSql(groups.map(ref), ', ')
    const from = context.cte(groups.length > 0 ? sql`${grouped} GROUP BY ${by}` : grouped)
    const columns = figures.map(({ column }) => column)
    if (step.keepOriginalGranularity) return beside(input, { from, keys, columns }, context)
    return {
      from,
      columns: [...groups, ...columns],
      order: groups.map(({ id }) => ({ id, descending: false })),
      inOrder: groups.length === 0,
    }
  },
})

type Figure = { readonly column: Column; readonly source: string; readonly aggFunction: AggFunction }

function groupsOf(step: AnyStep & Pick<AggregateFields, 'on'>, input: readonly Column[]): Column[] {
  return findColumns(step, [...new Set(step.on)], input)
}

/** The new columns with what they are computed from. */
function figuresOf(
  step: AnyStep & Pick<AggregateFields, 'on' | 'aggregations' | 'keepOriginalGranularity'>,
  input: readonly Column[],
): Figure[] {
  findColumns(step, [...step.on, ...step.aggregations.flatMap(({ columns }) => columns)], input)
  const types = new Map(input.map(({ name, type }) => [name, type]))
  const figures = step.aggregations.flatMap(({ newColumns, columns, aggFunction }) =>
    columns.map((source, index): Figure => {
      const type = figureType(step, { aggFunction, source, type: types.get(source) ?? 'text' })
      return { column: { name: newColumns[index] ?? source, type }, source, aggFunction }
    }),
  )
  const names = figures.map(({ column }) => column.name)
  const clash = repeatedName(step.keepOriginalGranularity ? names : [...new Set(step.on), ...names])
  if (clash !== undefined) throw stepProblem(step, `two columns would have the name "${clash}".`, { column: clash })
  return figures
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

interface FigureScope {
  readonly step: Pick<AggregateFields, 'countNulls'>
  readonly input: Relation
  readonly context: SqlContext
}

function figureSql(aggFunction: AggFunction, column: SqlColumn, { step, input, context }: FigureScope): Sql {
  const { dialect } = context
  const value = ref(column)
  const ordered = input.order.length > 0
  switch (aggFunction) {
    case 'sum':
      return dialect.sum(value, column.type)
    case 'avg':
      return dialect.average(value)
    case 'min':
      return sql`min(${value})`
    case 'max':
      return sql`max(${value})`
    case 'count':
      return step.countNulls ? sql`count(*)` : sql`count(${value})`
    case 'count distinct':
      return sql`count(DISTINCT ${value})`
    case 'count distinct including empty':
      return sql`count(DISTINCT ${value}) + coalesce(max(CASE WHEN ${value} IS NULL THEN 1 ELSE 0 END), 0)`
    case 'first':
      return dialect.first(value, ordered ? orderKeys(input.order, dialect) : undefined)
    case 'last':
      return dialect.first(value, ordered ? reversedKeys(input.order, dialect) : undefined)
  }
}

interface Grouped {
  readonly from: Sql
  readonly keys: readonly { readonly group: SqlColumn; readonly key: SqlColumn }[]
  readonly columns: readonly SqlColumn[]
}

/** The figures of its group beside each of the original rows, which keep their order. */
function beside(input: Relation, { from, keys, columns }: Grouped, context: SqlContext): Relation {
  const list = joinSql([carried(input), ...columns.map(ref)], ', ')
  const same = joinSql(
    keys.map(({ group, key }) => context.dialect.isSame(ref(group), ref(key))),
    ' AND ',
  )
  const joined =
    keys.length > 0 ? sql`${input.from} INNER JOIN ${from} ON ${same}` : sql`${input.from} CROSS JOIN ${from}`
  return {
    from: context.cte(select(list, joined)),
    columns: columns.reduce<readonly SqlColumn[]>((all, column) => withColumn(all, column), input.columns),
    order: input.order,
    inOrder: false,
  }
}
