import { record } from '../parsing/record.ts'
import { stepProblem } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnNames } from './fields.ts'

export const deleteColumns = defineStep({
  name: 'delete',
  summary: 'Removes the listed columns; those that do not exist are passed over.',
  example: {
    step: { columns: ['note'] },
    input: {
      columns: { product: 'text', note: 'text', sales: 'integer' },
      rows: [
        ['tea', 'loose', 10],
        ['coffee', null, 14],
        ['cocoa', 'in tins', 5],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['coffee', 14],
        ['cocoa', 5],
      ],
    },
  },
  fields: record({ columns: columnNames }, { column: { list: 'columns' } }),
  columns: (step, input) => {
    const kept = input.filter(({ name }) => !step.columns.includes(name))
    if (kept.length === 0) throw stepProblem(step, 'no column would be left.')
    return kept
  },
  sql: (step, input) => ({ ...input, columns: input.columns.filter(({ name }) => !step.columns.includes(name)) }),
  mongo: (step, input) => ({ ...input, columns: input.columns.filter(({ name }) => !step.columns.includes(name)) }),
})
