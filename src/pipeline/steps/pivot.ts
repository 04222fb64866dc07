import * as z from 'zod'
import { Problem } from '../../base/index.ts'
import { call, choose, literal, nothing, orNull, read } from '../mongo/expression.ts'
import { figureMongo } from '../mongo/figures.ts'
import { grouped } from '../mongo/group.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { bind, joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import type { Column, Value } from '../values.ts'
import { type Figure, figureSql, figuresOf } from './aggregations.ts'
import { findColumns, refuseRepeated } from './columns.ts'
import { defineStep, type StepOf } from './definition.ts'
import { columnName, columnNames } from './fields.ts'

const fields = record({
  index: columnNames.min(1, 'Give at least one column.'),
  columnToPivot: columnName,
  valueColumn: columnName,
  aggFunction: z.enum(['sum', 'avg', 'count', 'min', 'max']),
})

/**
 * A pivot before, while and after its columns become known, which depend on the rows: without `values` it cannot be compiled; with
 * `'wanted'` it is a query for the values of the column to pivot, each once; with a list it gives a column for each of them.
 * `settleQuery` takes it from one to the next; the parser never makes `values`.
 */
export type PivotStep = StepOf<'pivot', z.output<typeof fields>> & { readonly values?: readonly Value[] | 'wanted' }

export const pivot = defineStep({
  name: 'pivot',
  summary:
    'One row for each index, ordered by it, and one column for each value of a column, in their order, with a figure of the rows that have both; null where there are none. Rows with null in that column count for no column.',
  example: {
    step: { index: ['region'], columnToPivot: 'product', valueColumn: 'sales', aggFunction: 'sum' },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['south', 'tea', 7],
        ['north', 'tea', 10],
        ['north', 'coffee', 5],
        ['north', 'tea', 3],
      ],
    },
    output: {
      columns: { region: 'text', coffee: 'integer', tea: 'integer' },
      rows: [
        ['north', 5, 13],
        ['south', null, 7],
      ],
    },
  },
  fields,
  columns: (step: PivotStep, input) => {
    const { index, pivoted, figure } = partsOf(step, input)
    if (step.values === 'wanted') return [pivoted]
    const columns = [...index, ...spread(step, figure).map(({ column }) => column)]
    refuseRepeated(
      step,
      columns.map(({ name }) => name),
    )
    return columns
  },
  sql: (step: PivotStep, input, context) => {
    const pivoted = columnOf(input, step.columnToPivot)
    if (step.values === 'wanted') return distinctValues(input, pivoted, context)
    const index = [...new Set(step.index)].map((name) => columnOf(input, name))
    const { figure } = partsOf(step, input.columns)
    const cell = context.fresh(figure.column)
    const key = context.fresh(pivoted)
    const computed = figureSql(figure.aggFunction, columnOf(input, figure.source), { input, context })
    const named = [sql`${ref(pivoted)} AS ${ref(key)}`, sql`${computed} AS ${ref(cell)}`]
    const by = joinSql([...new Set([...index, pivoted])].map(ref), ', ')
    // First a row for each index and value: that leaves little to spread over the columns.
    const cells = context.barrier(
      sql`${select(joinSql([...index.map(ref), ...named], ', '), input.from)} GROUP BY ${by}`,
    )
    const columns = spread(step, figure).map(({ column, value }) => ({ column: context.fresh(column), value }))
    const list = [
      ...index.map(ref),
      ...columns.map((each) => sql`${cellSql(each.value, { key, cell, context })} AS ${ref(each.column)}`),
    ]
    const keys = joinSql(index.map(ref), ', ')
    return {
      from: context.barrier(sql`${select(joinSql(list, ', '), cells)} GROUP BY ${keys}`),
      columns: [...index, ...columns.map(({ column }) => column)],
      order: index.map(({ id }) => ({ id, descending: false })),
      inOrder: false,
    }
  },
  mongo: (step: PivotStep, input, context) => {
    const pivoted = columnOf(input, step.columnToPivot)
    if (step.values === 'wanted') return grouped(input, { groups: [pivoted], figures: [] }, context)
    const index = [...new Set(step.index)].map((name) => columnOf(input, name))
    const { figure } = partsOf(step, input.columns)
    const groups = [...new Set([...index, pivoted])]
    const source = columnOf(input, figure.source)
    const computed = figureMongo(figure.aggFunction, source, { groups, input, context })
    const cell = { column: context.fresh(figure.column), figure: computed }
    // First a row for each index and value: that leaves little to spread over the columns.
    const cells = grouped(input, { groups, figures: [cell] }, context)
    const spreading = spread(step, figure).map(({ column, value }) => {
      const isIt = call('$eq', [read(pivoted), literal(value, pivoted.type)])
      const one = call('$max', choose(isIt, orNull(read(cell.column)), nothing))
      return { column: context.fresh(column), figure: { before: [], accumulate: one, finish: orNull } }
    })
    return grouped(cells, { groups: index, figures: spreading }, context)
  },
})

interface Parts {
  readonly index: readonly Column[]
  readonly pivoted: Column
  readonly figure: Figure
}

function partsOf(step: PivotStep, input: readonly Column[]): Parts {
  findColumns(step, [...step.index, step.columnToPivot, step.valueColumn], input)
  const { aggFunction, valueColumn } = step
  const [figure] = figuresOf(step, [{ aggFunction, columns: [valueColumn], newColumns: [valueColumn] }], input)
  const [pivoted] = findColumns(step, [step.columnToPivot], input)
  if (!figure || !pivoted) throw new Problem('internal', 'A pivot lost its columns.')
  return { index: findColumns(step, [...new Set(step.index)], input), pivoted, figure }
}

/** The new columns with the values that they are about, each name once. */
function spread({ values }: PivotStep, { column }: Figure): { column: Column; value: Exclude<Value, null> }[] {
  if (!Array.isArray(values))
    throw new Problem('internal', 'A pivot reached the compiler before its columns were known.')
  const names = new Map<string, Exclude<Value, null>>()
  for (const value of values) {
    if (value !== null && !names.has(nameOf(value))) names.set(nameOf(value), value)
  }
  return [...names].map(([name, value]) => ({ column: { name, type: column.type }, value }))
}

/** A value as it would be written as text. */
function nameOf(value: Exclude<Value, null>): string {
  if (!(value instanceof Date)) return String(value)
  const [day = '', time = ''] = value.toISOString().slice(0, -1).split('T')
  return time === '00:00:00.000' ? day : `${day} ${time.replace(/\.000$/, '')}`
}

function distinctValues(input: Relation, pivoted: SqlColumn, context: SqlContext): Relation {
  return {
    from: context.barrier(sql`${select(ref(pivoted), input.from)} GROUP BY ${ref(pivoted)}`),
    columns: [pivoted],
    order: [],
    inOrder: true,
  }
}

interface CellScope {
  readonly key: SqlColumn
  readonly cell: SqlColumn
  readonly context: SqlContext
}

/** The one cell of this index and value. */
function cellSql(value: Value, { key, cell, context }: CellScope): Sql {
  const one = sql`CASE WHEN ${ref(key)} = ${bind(value, key.type)} THEN ${ref(cell)} END`
  return context.dialect.maximum(one, cell.type)
}
