import * as z from 'zod'
import { keyOf } from '../mongo/context.ts'
import { record } from '../parsing/record.ts'
import { columnOf, sortedBy } from '../sql/context.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

export const sort = defineStep({
  name: 'sort',
  summary: 'Orders the rows; nulls come last in both directions, and equal rows keep the order they had.',
  example: {
    step: {
      columns: [
        { column: 'region', order: 'asc' },
        { column: 'sales', order: 'desc' },
      ],
    },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['south', 'tea', 7],
        ['north', 'cocoa', null],
        ['north', 'tea', 10],
        [null, 'tea', 20],
        ['north', 'coffee', 14],
      ],
    },
    output: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['north', 'coffee', 14],
        ['north', 'tea', 10],
        ['north', 'cocoa', null],
        ['south', 'tea', 7],
        [null, 'tea', 20],
      ],
    },
  },
  fields: record({
    columns: z
      .array(record({ column: columnName, order: z.enum(['asc', 'desc']) }))
      .min(1, 'Sort by at least one column.'),
  }),
  columns: (step, input) => {
    findColumns(
      step,
      step.columns.map(({ column }) => column),
      input,
    )
    return input
  },
  sql: (step, input) => {
    const keys = step.columns.map(({ column, order }) => ({
      id: columnOf(input, column).id,
      descending: order === 'desc',
    }))
    return { ...input, order: sortedBy(keys, input.order), inOrder: false }
  },
  mongo: (step, input) => {
    const keys = step.columns.map(({ column, order }) => keyOf(columnOf(input, column), order === 'desc'))
    return { ...input, order: sortedBy(keys, input.order), inOrder: false }
  },
})
