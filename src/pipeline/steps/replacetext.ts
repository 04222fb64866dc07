import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { call, literal, read } from '../mongo/expression.ts'
import { textOf } from '../mongo/text.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { bind } from '../sql/fragment.ts'
import { findColumns, withColumn } from './columns.ts'
import { withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnName, optional } from './fields.ts'

export const replacetext = defineStep({
  name: 'replacetext',
  summary: 'Replaces every occurrence of a piece of text; values that are no texts become texts first.',
  example: {
    step: { searchColumn: 'product', oldStr: '_', newStr: ' ' },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['green_tea', 10],
        ['hot_black_coffee', 7],
        ['cocoa', 4],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['green tea', 10],
        ['hot black coffee', 7],
        ['cocoa', 4],
      ],
    },
  },
  fields: record({
    searchColumn: columnName,
    oldStr: z.string().min(1, 'The text to replace is not empty.'),
    newStr: optional(z.string(), ''),
  }),
  columns: (step, input) => {
    const [column] = findColumns(step, [step.searchColumn], input)
    return column ? withColumn(input, { ...column, type: 'text' }) : input
  },
  sql: (step, input, context) => {
    const { type, ...column } = columnOf(input, step.searchColumn)
    const text = context.dialect.text.convert(ref(column), type, 'text')
    const value = context.dialect.text.replaceAll(text, bind(step.oldStr, 'text'), bind(step.newStr, 'text'))
    return withComputed(input, [{ column: { ...column, type: 'text' }, value }], context)
  },
  mongo: (step, input, context) => {
    const { type, ...column } = columnOf(input, step.searchColumn)
    const [find, replacement] = [literal(step.oldStr, 'text'), literal(step.newStr, 'text')]
    const value = call('$replaceAll', { input: textOf(read(column), type), find, replacement })
    return withValues(input, [{ column: { ...column, type: 'text' }, value }], context)
  },
})
