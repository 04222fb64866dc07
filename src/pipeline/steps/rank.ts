import * as z from 'zod'
import { after, hidden, keyOf } from '../mongo/context.ts'
import { call, choose, isNull, nothing, read } from '../mongo/expression.ts'
import { windowed } from '../mongo/window.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, sortedBy } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import { windowSql } from '../sql/window.ts'
import { findColumns, withColumn } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

export const rank = defineStep({
  name: 'rank',
  summary:
    'Numbers the rows by a column, in all or in each group, equal values alike, and orders them by that number. Null has none and comes last.',
  example: {
    step: { valueCol: 'sales', order: 'desc', method: 'standard' },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 12],
        ['water', null],
        ['coffee', 20],
        ['cocoa', 12],
        ['juice', 8],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer', sales_RANK: 'integer' },
      rows: [
        ['coffee', 20, 1],
        ['tea', 12, 2],
        ['cocoa', 12, 2],
        ['juice', 8, 4],
        ['water', null, null],
      ],
    },
  },
  fields: record({
    valueCol: columnName,
    order: z.enum(['asc', 'desc']),
    method: z.enum(['standard', 'dense']),
    groupby: optional(columnNames, []),
    newColumnName: columnName.nullish(),
  }),
  columns: (step, input) => {
    findColumns(step, [...step.groupby, step.valueCol], input)
    return withColumn(input, { name: newName(step), type: 'integer' })
  },
  sql: (step, input, context) => {
    const value = columnOf(input, step.valueCol)
    const by = step.groupby.map((name) => columnOf(input, name))
    const window = windowSql({ by, order: [{ id: value.id, descending: step.order === 'desc' }] }, context.dialect)
    const column = context.fresh({ name: newName(step), type: 'integer' })
    // Nulls are last, so they move no other row's rank.
    const position = step.method === 'dense' ? sql`dense_rank() OVER (${window})` : sql`rank() OVER (${window})`
    const ranked = sql`CASE WHEN ${ref(value)} IS NOT NULL THEN ${position} END`
    return {
      from: context.barrier(sql`SELECT ${carried(input)}, ${ranked} AS ${ref(column)} FROM ${input.from}`),
      columns: withColumn(input.columns, column),
      order: sortedBy([{ id: column.id, descending: false }], input.order),
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const value = columnOf(input, step.valueCol)
    const isMissing = hidden(context)
    const column = context.fresh({ name: newName(step), type: 'integer' })
    // Nulls apart from the others, so that they move no other row's rank; a rank has one key.
    const by = [...step.groupby.map((name) => columnOf(input, name)), isMissing]
    const output = { [column.id]: call(step.method === 'dense' ? '$denseRank' : '$rank', {}) }
    const key = { id: value.id, descending: step.order === 'desc', nullable: false }
    const flagged = after(input, { $set: { [isMissing.id]: isNull(read(value)) } })
    const ranked = windowed(flagged, { by, order: [key], output }, context)
    return {
      ...after(ranked, { $set: { [column.id]: choose(read(isMissing), nothing, read(column)) } }),
      columns: withColumn(input.columns, column),
      order: sortedBy([keyOf(column, false)], input.order),
    }
  },
})

function newName(step: { readonly valueCol: string; readonly newColumnName?: string | null | undefined }): string {
  return step.newColumnName ?? `${step.valueCol}_RANK`
}
