import { record } from '../parsing/record.ts'
import { stepProblem } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnNames } from './fields.ts'

export const deleteColumns = defineStep({
  name: 'delete',
  summary: 'Removes the listed columns; those that do not exist are passed over.',
  fields: record({ columns: columnNames }, { column: { list: 'columns' } }),
  columns: (step, input) => {
    const kept = input.filter(({ name }) => !step.columns.includes(name))
    if (kept.length === 0) throw stepProblem(step, 'no column would be left.')
    return kept
  },
  sql: (step, input) => ({ ...input, columns: input.columns.filter(({ name }) => !step.columns.includes(name)) }),
  mongo: (step, input) => ({ ...input, columns: input.columns.filter(({ name }) => !step.columns.includes(name)) }),
})
