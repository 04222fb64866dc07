import { bestDocuments, bestRows, extremeFields } from './best-rows.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'

export const argmin = defineStep({
  name: 'argmin',
  summary:
    'Keeps the rows where a column is least, in all or in each group: all of them when several are equal. A group of only nulls stays whole.',
  example: {
    step: { column: 'price' },
    input: {
      columns: { product: 'text', price: 'number' },
      rows: [
        ['tea', 3.5],
        ['coffee', 4.25],
        ['cocoa', 3.5],
        ['water', null],
      ],
    },
    output: {
      columns: { product: 'text', price: 'number' },
      rows: [
        ['tea', 3.5],
        ['cocoa', 3.5],
      ],
    },
  },
  fields: extremeFields,
  columns: (step, input) => {
    findColumns(step, [...step.groups, step.column], input)
    return input
  },
  sql: (step, input, context) => bestRows({ ...step, descending: false }, input, context),
  mongo: (step, input, context) => bestDocuments({ ...step, descending: false }, input, context),
})
