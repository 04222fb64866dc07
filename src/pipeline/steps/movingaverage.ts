import { after, hidden, keyOf } from '../mongo/context.ts'
import { call, choose, finite, isNull, literal, nothing, over, read } from '../mongo/expression.ts'
import { windowed } from '../mongo/window.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, sortedBy } from '../sql/context.ts'
import { bind, sql } from '../sql/fragment.ts'
import { windowSql } from '../sql/window.ts'
import { findNumbers } from './column-types.ts'
import { findColumns, withColumn } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional, wholeNumber } from './fields.ts'

export const movingaverage = defineStep({
  name: 'movingaverage',
  summary:
    'The mean of a row and the rows before it, in all or in each group; null until there are enough rows, and where one of them is null. Ordered by the groups, then by the column.',
  example: {
    step: { valueColumn: 'sales', columnToSort: 'day', movingWindow: 2 },
    input: {
      columns: { day: 'date', sales: 'integer' },
      rows: [
        ['2024-03-01', 10],
        ['2024-03-02', 14],
        ['2024-03-03', 12],
        ['2024-03-04', 20],
      ],
    },
    output: {
      columns: { day: 'date', sales: 'integer', sales_MOVING_AVG: 'number' },
      rows: [
        ['2024-03-01', 10, null],
        ['2024-03-02', 14, 12],
        ['2024-03-03', 12, 13],
        ['2024-03-04', 20, 16],
      ],
    },
  },
  fields: record({
    valueColumn: columnName,
    columnToSort: columnName,
    movingWindow: wholeNumber(1),
    groups: optional(columnNames, []),
    newColumnName: columnName.nullish(),
  }),
  columns: (step, input) => {
    findColumns(step, [...step.groups, step.columnToSort], input)
    findNumbers(step, [step.valueColumn], input)
    return withColumn(input, { name: newName(step), type: 'number' })
  },
  sql: (step, input, context) => {
    const { dialect } = context
    const by = step.groups.map((name) => columnOf(input, name))
    const sorted = sortedBy([{ id: columnOf(input, step.columnToSort).id, descending: false }], input.order)
    const window = windowSql({ by, order: sorted, frame: dialect.groups.lastRows(step.movingWindow) }, dialect)
    const value = ref(columnOf(input, step.valueColumn))
    const column = context.fresh({ name: newName(step), type: 'number' })
    const isFull = sql`count(${value}) OVER (${window}) = ${bind(step.movingWindow, 'integer')}`
    const average = sql`CASE WHEN ${isFull} THEN ${dialect.groups.windowAverage(value, window)} END`
    return {
      from: context.barrier(sql`SELECT ${carried(input)}, ${average} AS ${ref(column)} FROM ${input.from}`),
      columns: withColumn(input.columns, column),
      order: sortedBy(
        by.map(({ id }) => ({ id, descending: false })),
        sorted,
      ),
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const by = step.groups.map((name) => columnOf(input, name))
    const order = sortedBy([keyOf(columnOf(input, step.columnToSort), false)], input.order)
    const value = read(columnOf(input, step.valueColumn))
    const [count, column] = [hidden(context), context.fresh({ name: newName(step), type: 'number' })]
    const documents = [1 - step.movingWindow, 'current'] as const
    const [zero, one] = [literal(0, 'integer'), literal(1, 'integer')]
    const output = {
      [count.id]: over(call('$sum', choose(isNull(value), zero, one)), documents),
      [column.id]: over(call('$avg', value), documents),
    }
    const averaged = windowed(input, { by, order, output }, context)
    const isFull = call('$eq', [read(count), literal(step.movingWindow, 'integer')])
    return {
      ...after(averaged, { $set: { [column.id]: choose(isFull, finite(read(column)), nothing) } }),
      columns: withColumn(input.columns, column),
      order: sortedBy(
        by.map((group) => keyOf(group, false)),
        order,
      ),
    }
  },
})

function newName(step: { readonly valueColumn: string; readonly newColumnName?: string | null | undefined }): string {
  return step.newColumnName ?? `${step.valueColumn}_MOVING_AVG`
}
