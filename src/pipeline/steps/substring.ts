import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { findColumns, withColumn } from './columns.ts'
import { withComputed } from './computed.ts'
import { defineStep } from './definition.ts'
import { columnName, optional, wholeNumber } from './fields.ts'

/** What engines take as a position. */
const furthest = 2 ** 31 - 1

const position = wholeNumber(-furthest)
  .refine((at) => at !== 0, 'Characters count from 1, or from the end with -1: there is no 0.')
  .refine((at) => at <= furthest, 'This is beyond the end of any text.')

export const substring = defineStep({
  name: 'substring',
  summary: 'Takes the characters from one position to another, both included; negative positions count from the end.',
  fields: record({
    column: columnName,
    startIndex: position,
    endIndex: position,
    newColumnName: optional(columnName, undefined),
  }),
  columns: (step, input) => {
    findColumns(step, [step.column], input)
    return withColumn(input, { name: newName(step), type: 'text' })
  },
  sql: (step, input, context) => {
    const { type, ...column } = columnOf(input, step.column)
    const { convert, slice } = context.dialect.text
    const value = slice(convert(ref(column), type, 'text'), step.startIndex, step.endIndex)
    return withComputed(input, [{ column: { name: newName(step), type: 'text' }, value }], context)
  },
})

function newName({ column, newColumnName }: { column: string; newColumnName: string | undefined }): string {
  return newColumnName ?? `${column}_SUBSTR`
}
