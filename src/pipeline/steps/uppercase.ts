import { withValues } from '../mongo/computed.ts'
import { read } from '../mongo/expression.ts'
import { inCase } from '../mongo/letters.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { findTyped, withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

export const uppercase = defineStep({
  name: 'uppercase',
  summary: 'Writes a column of texts in capital letters.',
  example: {
    step: { column: 'city' },
    input: {
      columns: { city: 'text', sales: 'integer' },
      rows: [
        ['Lyon', 10],
        ['évora', 4],
        [null, 1],
      ],
    },
    output: {
      columns: { city: 'text', sales: 'integer' },
      rows: [
        ['LYON', 10],
        ['ÉVORA', 4],
        [null, 1],
      ],
    },
  },
  fields: record({ column: columnName }),
  columns: (step, input) => {
    findTyped(step, [step.column], { input, types: ['text'] })
    return input
  },
  sql: (step, input, context) => {
    const column = columnOf(input, step.column)
    return withComputed(input, [{ column, value: context.dialect.text.upper(ref(column)) }], context)
  },
  mongo: (step, input, context) => {
    const column = columnOf(input, step.column)
    return withValues(input, [{ column, value: inCase(read(column), 'upper') }], context)
  },
})
