import { type FormatPiece, readFormat } from '../dates/format.ts'
import { writtenSpecifiers } from '../dates/specifiers.ts'
import { withValues } from '../mongo/computed.ts'
import { read } from '../mongo/expression.ts'
import { writeDate } from '../mongo/write-date.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import { writeDateSql } from '../sql/write-date.ts'
import type { AnyStep } from '../step.ts'
import { stepProblem, withColumn } from './columns.ts'
import { findDates } from './date-columns.ts'
import { defineStep } from './definition.ts'
import { columnName, dateFormat } from './fields.ts'

/** A format that has been read once, so that it is one. */
const format = dateFormat.min(1, 'A format is not empty.').check(({ value, issues }) => {
  const read = readFormat(value, writtenSpecifiers)
  if ('pieces' in read) return
  const { message, position } = read.problem
  issues.push({ code: 'custom', message, params: { position }, input: value })
})

export const fromdate = defineStep({
  name: 'fromdate',
  summary: 'Writes dates as texts by a format of strftime, with names in English; null stays null.',
  example: {
    step: { column: 'day', format: '%d %B %Y' },
    input: {
      columns: { day: 'date', sales: 'integer' },
      rows: [
        ['2024-03-05', 10],
        ['2024-12-24', 14],
        [null, 3],
      ],
    },
    output: {
      columns: { day: 'text', sales: 'integer' },
      rows: [
        ['05 March 2024', 10],
        ['24 December 2024', 14],
        [null, 3],
      ],
    },
  },
  fields: record({ column: columnName, format }),
  columns: (step, input) => {
    findDates(step, [step.column], input)
    return withColumn(input, { name: step.column, type: 'text' })
  },
  sql: (step, input, context) => {
    const column = context.fresh({ name: step.column, type: 'text' })
    const text = writeDateSql(ref(columnOf(input, step.column)), piecesOf(step), context.dialect)
    const from = context.computed(sql`SELECT ${carried(input)}, ${text} AS ${ref(column)} FROM ${input.from}`)
    return { ...input, from, columns: withColumn(input.columns, column) }
  },
  mongo: (step, input, context) => {
    const value = writeDate(read(columnOf(input, step.column)), piecesOf(step))
    return withValues(input, [{ column: { name: step.column, type: 'text' }, value }], context)
  },
})

function piecesOf(step: AnyStep & { readonly format: string }): readonly FormatPiece[] {
  const found = readFormat(step.format, writtenSpecifiers)
  if ('problem' in found) throw stepProblem(step, found.problem.message, { position: found.problem.position })
  return found.pieces
}
