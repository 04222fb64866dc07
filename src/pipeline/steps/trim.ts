import { withValues } from '../mongo/computed.ts'
import { call, literal, read } from '../mongo/expression.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { whitespace } from '../sql/functions/text.ts'
import { findTyped, withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnNames } from './fields.ts'

export const trim = defineStep({
  name: 'trim',
  summary: 'Removes white space at both ends of texts.',
  example: {
    step: { columns: ['product'] },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        [' tea', 10],
        ['hot coffee ', 7],
        ['cocoa', 4],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['hot coffee', 7],
        ['cocoa', 4],
      ],
    },
  },
  fields: record({ columns: columnNames.min(1, 'Trim at least one column.') }, { column: { list: 'columns' } }),
  columns: (step, input) => {
    findTyped(step, step.columns, { input, types: ['text'] })
    return input
  },
  sql: (step, input, context) => {
    const columns = [...new Set(step.columns)].map((name) => columnOf(input, name))
    const trimmed = columns.map((column) => ({ column, value: context.dialect.text.trim(ref(column)) }))
    return withComputed(input, trimmed, context)
  },
  mongo: (step, input, context) => {
    const chars = literal(whitespace, 'text')
    const columns = [...new Set(step.columns)].map((name) => columnOf(input, name))
    const trimmed = columns.map((column) => ({ column, value: call('$trim', { input: read(column), chars }) }))
    return withValues(input, trimmed, context)
  },
})
