import { withValues } from '../mongo/computed.ts'
import { bound, call, choose, type Expression, isNull, literal, nothing, read, variable } from '../mongo/expression.ts'
import { textOf } from '../mongo/text.ts'
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
  example: {
    step: { column: 'code', startIndex: -3, endIndex: -1, newColumnName: 'city' },
    input: { columns: { code: 'text' }, rows: [['FR-PAR'], ['ES-MAD'], ['IT'], [null]] },
    output: {
      columns: { code: 'text', city: 'text' },
      rows: [
        ['FR-PAR', 'PAR'],
        ['ES-MAD', 'MAD'],
        ['IT', 'IT'],
        [null, null],
      ],
    },
  },
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
  mongo: (step, input, context) => {
    const column = columnOf(input, step.column)
    const value = slice(textOf(read(column), column.type), step.startIndex, step.endIndex)
    return withValues(input, [{ column: { name: newName(step), type: 'text' }, value }], context)
  },
})

function newName({ column, newColumnName }: { column: string; newColumnName: string | undefined }): string {
  return newColumnName ?? `${column}_SUBSTR`
}

/** The characters from one position to the other, as `slice` of SQL dialects has it. */
function slice(value: Expression, from: number, to: number): Expression {
  const [text, first, last] = [variable('t0'), variable('f0'), variable('l0')]
  const one = literal(1, 'integer')
  // A count from 0, of the first character and of the one after the last.
  const offset = (index: number, after: 0 | 1): Expression => {
    const counted = index < 0 ? index + after : index - 1 + after
    const place = literal(counted, 'integer')
    return index < 0 ? call('$add', [call('$strLenCP', text), place]) : place
  }
  const start = call('$max', [offset(from, 0), literal(0, 'integer')])
  const length = call('$subtract', [last, first])
  const part = choose(call('$gte', [length, one]), call('$substrCP', [text, first, length]), literal('', 'text'))
  const cut = bound({ f0: start, l0: offset(to, 1) }, part)
  return bound({ t0: value }, choose(isNull(text), nothing, cut))
}
