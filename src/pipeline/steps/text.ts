import { withValues } from '../mongo/computed.ts'
import { literal } from '../mongo/expression.ts'
import { record } from '../parsing/record.ts'
import { constantSql } from '../sql/condition.ts'
import { withColumn } from './columns.ts'
import { withComputed } from './computed.ts'
import { constantField, constantType } from './constants.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

export const text = defineStep({
  name: 'text',
  summary: 'Adds a column that has the same value in every row: a text, a number, true, false or a date.',
  example: {
    step: { text: 'EUR', newColumn: 'currency' },
    input: {
      columns: { product: 'text', price: 'number' },
      rows: [
        ['tea', 3.5],
        ['coffee', 4.25],
        ['cocoa', null],
      ],
    },
    output: {
      columns: { product: 'text', price: 'number', currency: 'text' },
      rows: [
        ['tea', 3.5, 'EUR'],
        ['coffee', 4.25, 'EUR'],
        ['cocoa', null, 'EUR'],
      ],
    },
  },
  fields: record({ text: constantField, newColumn: columnName }),
  columns: (step, input) => withColumn(input, { name: step.newColumn, type: constantType(step.text, 'text') }),
  sql: (step, input, context) => {
    const type = constantType(step.text, 'text')
    return withComputed(
      input,
      [{ column: { name: step.newColumn, type }, value: constantSql(step.text, type, context) }],
      context,
    )
  },
  mongo: (step, input, context) => {
    const type = constantType(step.text, 'text')
    return withValues(input, [{ column: { name: step.newColumn, type }, value: literal(step.text, type) }], context)
  },
})
