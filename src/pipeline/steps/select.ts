import { record } from '../parsing/record.ts'
import { columnOf } from '../sql/context.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnNames } from './fields.ts'

export const select = defineStep({
  name: 'select',
  summary: 'Keeps the listed columns, in the order of the list.',
  example: {
    step: { columns: ['sales', 'product'] },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['north', 'tea', 10],
        ['north', 'coffee', 14],
        ['south', 'tea', 7],
      ],
    },
    output: {
      columns: { sales: 'integer', product: 'text' },
      rows: [
        [10, 'tea'],
        [14, 'coffee'],
        [7, 'tea'],
      ],
    },
  },
  fields: record({ columns: columnNames.min(1, 'Select at least one column.') }, { column: { list: 'columns' } }),
  columns: (step, input) => findColumns(step, [...new Set(step.columns)], input),
  sql: (step, input) => ({ ...input, columns: [...new Set(step.columns)].map((name) => columnOf(input, name)) }),
  mongo: (step, input) => ({ ...input, columns: [...new Set(step.columns)].map((name) => columnOf(input, name)) }),
})
