import { bestDocuments, bestRows, extremeFields } from './best-rows.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'

export const argmax = defineStep({
  name: 'argmax',
  summary:
    'Keeps the rows where a column is greatest, in all or in each group: all of them when several are equal. A group of only nulls stays whole.',
  example: {
    step: { column: 'sales', groups: ['region'] },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['north', 'tea', 12],
        ['north', 'coffee', 15],
        ['south', 'tea', 9],
        ['south', 'cocoa', 9],
      ],
    },
    output: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['north', 'coffee', 15],
        ['south', 'tea', 9],
        ['south', 'cocoa', 9],
      ],
    },
  },
  fields: extremeFields,
  columns: (step, input) => {
    findColumns(step, [...step.groups, step.column], input)
    return input
  },
  sql: (step, input, context) => bestRows({ ...step, descending: true }, input, context),
  mongo: (step, input, context) => bestDocuments({ ...step, descending: true }, input, context),
})
