import { withValues } from '../mongo/computed.ts'
import { read } from '../mongo/expression.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { findColumns, withColumn } from './columns.ts'
import { withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

export const duplicate = defineStep({
  name: 'duplicate',
  summary: 'Copies a column.',
  example: {
    step: { column: 'price', newColumnName: 'old_price' },
    input: {
      columns: { product: 'text', price: 'number' },
      rows: [
        ['tea', 3.5],
        ['coffee', 4.25],
        ['cocoa', null],
      ],
    },
    output: {
      columns: { product: 'text', price: 'number', old_price: 'number' },
      rows: [
        ['tea', 3.5, 3.5],
        ['coffee', 4.25, 4.25],
        ['cocoa', null, null],
      ],
    },
  },
  fields: record({ column: columnName, newColumnName: columnName }),
  columns: (step, input) => {
    const [column] = findColumns(step, [step.column], input)
    return withColumn(input, { name: step.newColumnName, type: column?.type ?? 'text' })
  },
  sql: (step, input, context) => {
    const column = columnOf(input, step.column)
    return withComputed(input, [{ column: { ...column, name: step.newColumnName }, value: ref(column) }], context)
  },
  mongo: (step, input, context) => {
    const column = columnOf(input, step.column)
    return withValues(input, [{ column: { ...column, name: step.newColumnName }, value: read(column) }], context)
  },
})
