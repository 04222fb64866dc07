import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { literal, read } from '../mongo/expression.ts'
import { joinTexts, textOf } from '../mongo/text.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { bind } from '../sql/fragment.ts'
import { findColumns, withColumn } from './columns.ts'
import { withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames } from './fields.ts'

export const concatenate = defineStep({
  name: 'concatenate',
  summary: 'Joins columns into one text, with a separator between them; nulls are skipped.',
  example: {
    step: { columns: ['city', 'country'], separator: ', ', newColumnName: 'place' },
    input: {
      columns: { city: 'text', country: 'text' },
      rows: [
        ['Lyon', 'France'],
        ['Madrid', 'Spain'],
        [null, 'Italy'],
      ],
    },
    output: {
      columns: { city: 'text', country: 'text', place: 'text' },
      rows: [
        ['Lyon', 'France', 'Lyon, France'],
        ['Madrid', 'Spain', 'Madrid, Spain'],
        [null, 'Italy', 'Italy'],
      ],
    },
  },
  fields: record({
    columns: columnNames.min(2, 'Concatenate at least two columns.'),
    separator: z.string(),
    newColumnName: columnName,
  }),
  columns: (step, input) => {
    findColumns(step, step.columns, input)
    return withColumn(input, { name: step.newColumnName, type: 'text' })
  },
  sql: (step, input, context) => {
    const { dialect } = context
    const texts = step.columns
      .map((name) => columnOf(input, name))
      .map((column) => dialect.textOf(ref(column), column.type))
    const value = dialect.text.join(texts, bind(step.separator, 'text'))
    return withComputed(input, [{ column: { name: step.newColumnName, type: 'text' }, value }], context)
  },
  mongo: (step, input, context) => {
    const texts = step.columns.map((name) => columnOf(input, name)).map((column) => textOf(read(column), column.type))
    const value = joinTexts(texts, literal(step.separator, 'text'))
    return withValues(input, [{ column: { name: step.newColumnName, type: 'text' }, value }], context)
  },
})
