import { withValues } from '../mongo/computed.ts'
import { call, choose, fitting, isNull, literal, nothing, read } from '../mongo/expression.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import { withColumn } from './columns.ts'
import { findTyped, withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

export const absolutevalue = defineStep({
  name: 'absolutevalue',
  summary: 'Computes the absolute value of a column of numbers.',
  example: {
    step: { column: 'difference', newColumn: 'distance' },
    input: {
      columns: { product: 'text', difference: 'integer' },
      rows: [
        ['tea', 12],
        ['coffee', -5],
        ['cocoa', null],
      ],
    },
    output: {
      columns: { product: 'text', difference: 'integer', distance: 'integer' },
      rows: [
        ['tea', 12, 12],
        ['coffee', -5, 5],
        ['cocoa', null, null],
      ],
    },
  },
  fields: record({ column: columnName, newColumn: columnName }),
  columns: (step, input) => {
    const [column] = findTyped(step, [step.column], { input, types: ['integer', 'number'] })
    return withColumn(input, { name: step.newColumn, type: column?.type ?? 'number' })
  },
  sql: (step, input, context) => {
    const { type, ...column } = columnOf(input, step.column)
    const value = ref(column)
    // The smallest integer has no counterpart; its negation is null.
    const negated = context.dialect.negate(value, type === 'integer' ? 'integer' : 'number')
    const absolute = sql`CASE WHEN ${value} < 0 THEN ${negated} ELSE ${value} END`
    return withComputed(input, [{ column: { name: step.newColumn, type }, value: absolute }], context)
  },
  mongo: (step, input, context) => {
    const column = columnOf(input, step.column)
    const value = read(column)
    // The absolute value of the smallest integer is an error there; a negation goes on with a double.
    const negated = call('$multiply', [value, literal(-1, 'integer')])
    const absolute = choose(call('$lt', [value, literal(0, 'integer')]), negated, value)
    const fitted = column.type === 'integer' ? fitting(absolute) : absolute
    const whole = choose(isNull(value), nothing, fitted)
    return withValues(input, [{ column: { name: step.newColumn, type: column.type }, value: whole }], context)
  },
})
