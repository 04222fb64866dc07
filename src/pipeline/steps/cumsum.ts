import * as z from 'zod'
import { after, keyOf } from '../mongo/context.ts'
import { call, choose, isNull, nothing, over, read } from '../mongo/expression.ts'
import { sumOf } from '../mongo/figures.ts'
import type { MongoColumn } from '../mongo/relation.ts'
import { windowed } from '../mongo/window.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, sortedBy } from '../sql/context.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import type { SqlColumn } from '../sql/relation.ts'
import { allRowsSoFar, windowSql } from '../sql/window.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { findNumbers } from './column-types.ts'
import { findColumns, refuseRepeated, withColumn } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

const fields = record({
  toCumSum: z
    .array(z.tuple([columnName, z.string().nullish()]).transform(([column, name]) => [column, name || null] as const))
    .min(1, 'Sum at least one column.'),
  referenceColumn: columnName,
  groupby: optional(columnNames, []),
})

export const cumsum = defineStep({
  name: 'cumsum',
  summary:
    'Running sums by a reference column, in all or in each group, ordered by that column. Null stays null and adds nothing.',
  example: {
    step: { toCumSum: [['sales', 'sales_so_far']], referenceColumn: 'month', groupby: ['region'] },
    input: {
      columns: { region: 'text', month: 'date', sales: 'integer' },
      rows: [
        ['north', '2024-02-01', 20],
        ['north', '2024-01-01', 10],
        ['south', '2024-01-01', 5],
        ['south', '2024-02-01', null],
        ['south', '2024-03-01', 8],
      ],
    },
    output: {
      columns: { region: 'text', month: 'date', sales: 'integer', sales_so_far: 'integer' },
      rows: [
        ['north', '2024-01-01', 10, 10],
        ['south', '2024-01-01', 5, 5],
        ['north', '2024-02-01', 20, 30],
        ['south', '2024-02-01', null, null],
        ['south', '2024-03-01', 8, 13],
      ],
    },
  },
  fields,
  legacy: (raw) => {
    const { valueColumn, value_column, newColumn, new_column, ...rest } = raw
    const column = valueColumn ?? value_column
    return column === undefined ? raw : { ...rest, toCumSum: [[column, newColumn ?? new_column ?? null]] }
  },
  columns: (step, input) => {
    findColumns(step, [...step.groupby, step.referenceColumn], input)
    const sums = sumsOf(step, input).map(({ column }) => column)
    refuseRepeated(
      step,
      sums.map(({ name }) => name),
    )
    return sums.reduce<readonly Column[]>(withColumn, input)
  },
  sql: (step, input, context) => {
    const order = sortedBy([{ id: columnOf(input, step.referenceColumn).id, descending: false }], input.order)
    const by = step.groupby.map((name) => columnOf(input, name))
    const window = windowSql({ by, order, frame: allRowsSoFar }, context.dialect)
    const sums = sumsOf(step, input.columns).map(({ source, column }) => {
      const value = ref(columnOf(input, source))
      const sum = context.dialect.groups.windowSum(value, column.type, window)
      return { column: context.fresh(column), sum: sql`CASE WHEN ${value} IS NOT NULL THEN ${sum} END` }
    })
    const list = joinSql([carried(input), ...sums.map(({ column, sum }) => sql`${sum} AS ${ref(column)}`)], ', ')
    return {
      from: context.barrier(sql`SELECT ${list} FROM ${input.from}`),
      columns: sums.reduce<readonly SqlColumn[]>((columns, { column }) => withColumn(columns, column), input.columns),
      order,
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const order = sortedBy([keyOf(columnOf(input, step.referenceColumn), false)], input.order)
    const by = step.groupby.map((name) => columnOf(input, name))
    const sums = sumsOf(step, input.columns).map(({ source, column }) => ({
      value: read(columnOf(input, source)),
      column: context.fresh(column),
    }))
    const running = sums.map(
      ({ column, value }) => [column.id, over(call('$sum', value), ['unbounded', 'current'])] as const,
    )
    const summed = windowed(input, { by, order, output: Object.fromEntries(running) }, context)
    const finished = sums.map(
      ({ column, value }) => [column.id, choose(isNull(value), nothing, sumOf(read(column), column))] as const,
    )
    return {
      ...after(summed, { $set: Object.fromEntries(finished) }),
      columns: sums.reduce<readonly MongoColumn[]>((all, { column }) => withColumn(all, column), input.columns),
      order,
    }
  },
})

function sumsOf(step: AnyStep & Pick<z.output<typeof fields>, 'toCumSum'>, input: readonly Column[]) {
  const numbers = findNumbers(
    step,
    step.toCumSum.map(([column]) => column),
    input,
  )
  return numbers.map(({ name, type }, index) => ({
    source: name,
    column: { name: step.toCumSum[index]?.[1] ?? `${name}_CUMSUM`, type },
  }))
}
