import * as z from 'zod'
import { figureMongo } from '../mongo/figures.ts'
import { grouped, spread } from '../mongo/group.ts'
import type { MongoColumn } from '../mongo/relation.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { aggregation, type Figure, figureRows, figureSql, figuresOf } from './aggregations.ts'
import { findColumns, refuseRepeated, withColumn } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnNames, optional } from './fields.ts'

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
  example: {
    step: {
      on: ['region'],
      aggregations: [
        { columns: ['sales'], aggFunction: 'sum', newColumns: ['total'] },
        { columns: ['sales'], aggFunction: 'count', newColumns: ['orders'] },
      ],
    },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['south', 'tea', 7],
        ['north', 'tea', 10],
        ['north', 'coffee', 14],
        ['north', 'cocoa', null],
      ],
    },
    output: {
      columns: { region: 'text', total: 'integer', orders: 'integer' },
      rows: [
        ['north', 24, 2],
        ['south', 7, 1],
      ],
    },
  },
  fields,
  columns: (step, input) => {
    const figures = figuresIn(step, input)
    if (step.keepOriginalGranularity)
      return figures.reduce<readonly Column[]>((columns, { column }) => withColumn(columns, column), input)
    return [...groupsOf(step, input), ...figures.map(({ column }) => column)]
  },
  sql: (step, rows, context) => {
    const input = figureRows(rows, step.aggregations, context)
    const groups = [...new Set(step.on)].map((name) => columnOf(input, name))
    const figures = figuresIn(step, input.columns).map(({ column, source, aggFunction }) => {
      const value = figureSql(aggFunction, columnOf(input, source), { countNulls: step.countNulls, input, context })
      return { column: context.fresh(column), value }
    })
    const keys = groups.map((group) => ({ group, key: step.keepOriginalGranularity ? context.fresh(group) : group }))
    const list = [
      ...keys.map(({ group, key }) => (group === key ? ref(group) : sql`${ref(group)} AS ${ref(key)}`)),
      ...figures.map(({ column, value }) => sql`${value} AS ${ref(column)}`),
    ]
    const grouped = select(joinSql(list, ', '), input.from)
    const by = joinSql(groups.map(ref), ', ')
    const from = context.barrier(groups.length > 0 ? sql`${grouped} GROUP BY ${by}` : grouped)
    const columns = figures.map(({ column }) => column)
    if (step.keepOriginalGranularity) return beside(input, { from, keys, columns }, context)
    return {
      from,
      columns: [...groups, ...columns],
      order: groups.map(({ id }) => ({ id, descending: false })),
      inOrder: groups.length === 0,
    }
  },
  mongo: (step, input, context) => {
    const groups = [...new Set(step.on)].map((name) => columnOf(input, name))
    const figures = figuresIn(step, input.columns).map(({ column, source, aggFunction }) => ({
      column: context.fresh(column),
      figure: figureMongo(aggFunction, columnOf(input, source), {
        groups,
        countNulls: step.countNulls,
        input,
        context,
      }),
    }))
    if (!step.keepOriginalGranularity) return grouped(input, { groups, figures }, context)
    const columns = figures.reduce<readonly MongoColumn[]>((all, { column }) => withColumn(all, column), input.columns)
    return { ...spread(input, { groups, figures }), columns }
  },
})

function groupsOf(step: AnyStep & Pick<AggregateFields, 'on'>, input: readonly Column[]): Column[] {
  return findColumns(step, [...new Set(step.on)], input)
}

/** The new columns; none has the name of another or of a group. */
function figuresIn(
  step: AnyStep & Pick<AggregateFields, 'on' | 'aggregations' | 'keepOriginalGranularity'>,
  input: readonly Column[],
): Figure[] {
  findColumns(step, [...step.on, ...step.aggregations.flatMap(({ columns }) => columns)], input)
  const figures = figuresOf(step, step.aggregations, input)
  const names = figures.map(({ column }) => column.name)
  refuseRepeated(step, step.keepOriginalGranularity ? names : [...new Set(step.on), ...names])
  return figures
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
