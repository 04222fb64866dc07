import { record } from '../parsing/record.ts'
import { columnOf } from '../sql/context.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnNames } from './fields.ts'

export const select = defineStep({
  name: 'select',
  summary: 'Keeps the listed columns, in the order of the list.',
  fields: record({ columns: columnNames.min(1, 'Select at least one column.') }, { column: { list: 'columns' } }),
  columns: (step, input) => findColumns(step, [...new Set(step.columns)], input),
  sql: (step, input) => ({ ...input, columns: [...new Set(step.columns)].map((name) => columnOf(input, name)) }),
  mongo: (step, input) => ({ ...input, columns: [...new Set(step.columns)].map((name) => columnOf(input, name)) }),
})
