import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { converted } from '../mongo/convert.ts'
import { read } from '../mongo/expression.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import type { Column, ColumnType } from '../values.ts'
import { findColumns } from './columns.ts'
import { withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnNames } from './fields.ts'

const dataType = z
  .enum(['integer', 'float', 'text', 'date', 'boolean'])
  .transform((name): ColumnType => (name === 'float' ? 'number' : name))

export const convert = defineStep({
  name: 'convert',
  summary: 'Gives columns another type; a value that cannot be converted becomes null.',
  example: {
    step: { columns: ['amount'], dataType: 'integer' },
    input: {
      columns: { product: 'text', amount: 'text' },
      rows: [
        ['tea', '12'],
        ['coffee', '43.6'],
        ['cocoa', 'unknown'],
      ],
    },
    output: {
      columns: { product: 'text', amount: 'integer' },
      rows: [
        ['tea', 12],
        ['coffee', 43],
        ['cocoa', null],
      ],
    },
  },
  fields: record(
    { columns: columnNames.min(1, 'Convert at least one column.'), dataType },
    { column: { list: 'columns' } },
  ),
  columns: (step, input) => {
    findColumns(step, step.columns, input)
    return input.map((column) => (step.columns.includes(column.name) ? { ...column, type: step.dataType } : column))
  },
  sql: (step, input, context) => {
    const list = changing(step, input).map((column) => ({
      column: { name: column.name, type: step.dataType },
      value: context.dialect.text.convert(ref(column), column.type, step.dataType),
    }))
    return withComputed(input, list, context)
  },
  mongo: (step, input, context) => {
    const list = changing(step, input).map((column) => ({
      column: { name: column.name, type: step.dataType },
      value: converted(read(column), column.type, step.dataType),
    }))
    return withValues(input, list, context)
  },
})

function changing<C extends Column>(
  step: { readonly columns: readonly string[]; readonly dataType: ColumnType },
  input: { readonly columns: readonly C[] },
): C[] {
  const columns = [...new Set(step.columns)].map((name) => columnOf(input, name))
  return columns.filter(({ type }) => type !== step.dataType)
}
