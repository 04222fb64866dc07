import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { call, literal, orNull, read } from '../mongo/expression.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { bind } from '../sql/fragment.ts'
import type { Column } from '../values.ts'
import { withColumn } from './columns.ts'
import { findTyped, withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnName, wholeNumber } from './fields.ts'

/** Each part is a column that later steps carry along. */
const mostParts = 200

const fields = record({
  column: columnName,
  delimiter: z.string().min(1, 'The delimiter is not empty.'),
  numberColsToKeep: wholeNumber(1).refine((n) => n <= mostParts, `A text is split into at most ${mostParts} columns.`),
})

export const split = defineStep({
  name: 'split',
  summary: 'Cuts texts at a delimiter and puts the first parts into columns; missing parts are null.',
  example: {
    step: { column: 'code', delimiter: '-', numberColsToKeep: 2 },
    input: {
      columns: { code: 'text', sales: 'integer' },
      rows: [
        ['FR-PAR-01', 10],
        ['ES-MAD', 6],
        ['IT', 3],
      ],
    },
    output: {
      columns: { code: 'text', sales: 'integer', code_1: 'text', code_2: 'text' },
      rows: [
        ['FR-PAR-01', 10, 'FR', 'PAR'],
        ['ES-MAD', 6, 'ES', 'MAD'],
        ['IT', 3, 'IT', null],
      ],
    },
  },
  fields,
  columns: (step, input) => {
    findTyped(step, [step.column], { input, types: ['text'] })
    return parts(step).reduce((columns, { column }) => withColumn(columns, column), [...input])
  },
  sql: (step, input, context) => {
    const text = ref(columnOf(input, step.column))
    const delimiter = bind(step.delimiter, 'text')
    const computed = parts(step).map(({ column, n }) => ({
      column,
      value: context.dialect.text.part(text, delimiter, n),
    }))
    return withComputed(input, computed, context)
  },
  mongo: (step, input, context) => {
    const found = call('$split', [read(columnOf(input, step.column)), literal(step.delimiter, 'text')])
    const computed = parts(step).map(({ column, n }) => ({
      column,
      value: orNull(call('$arrayElemAt', [found, literal(n - 1, 'integer')])),
    }))
    return withValues(input, computed, context)
  },
})

function parts({ column, numberColsToKeep }: z.output<typeof fields>): { column: Column; n: number }[] {
  return Array.from({ length: numberColsToKeep }, (_, index) => ({
    column: { name: `${column}_${index + 1}`, type: 'text' },
    n: index + 1,
  }))
}
