import * as z from 'zod'
import { unset } from '../conditions/unset.ts'
import { withValues } from '../mongo/computed.ts'
import { startOf } from '../mongo/dates.ts'
import { read } from '../mongo/expression.ts'
import { datesOf as mongoDatesOf } from '../mongo/read-date.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import { withColumn } from './columns.ts'
import { datesOf, findDatesOrTexts } from './date-columns.ts'
import { defineStep } from './definition.ts'
import { columnName, optional } from './fields.ts'

export const dategranularity = defineStep({
  name: 'dategranularity',
  summary:
    'Puts the first day of its period in the place of each date, or into a new column; weeks begin on Sunday, ISO weeks on Monday.',
  example: {
    step: { column: 'ordered', granularity: 'month', newColumn: 'month' },
    input: {
      columns: { ordered: 'date', sales: 'integer' },
      rows: [
        ['2024-05-17T09:30:00Z', 10],
        ['2024-05-31', 14],
        ['2024-06-01', 12],
      ],
    },
    output: {
      columns: { ordered: 'date', sales: 'integer', month: 'date' },
      rows: [
        ['2024-05-17T09:30:00Z', 10, '2024-05-01'],
        ['2024-05-31', 14, '2024-05-01'],
        ['2024-06-01', 12, '2024-06-01'],
      ],
    },
  },
  fields: record({
    column: columnName,
    granularity: z.enum(['day', 'isoWeek', 'week', 'month', 'quarter', 'year', unset]),
    newColumn: optional<string | undefined>(columnName, undefined),
  }),
  columns: (step, input) => {
    const [column] = findDatesOrTexts(step, [step.column], input)
    const type = step.granularity === unset ? (column?.type ?? 'date') : 'date'
    return withColumn(input, { name: step.newColumn ?? step.column, type })
  },
  sql: (step, input, context) => {
    const name = step.newColumn ?? step.column
    if (step.granularity === unset) {
      // The selector is not set: a copy of the dates as they are.
      if (name === step.column) return input
      const copy = context.fresh({ ...columnOf(input, step.column), name })
      const from = sql`SELECT ${carried(input)}, ${ref(columnOf(input, step.column))} AS ${ref(copy)} FROM ${input.from}`
      return { ...input, from: context.cte(from), columns: withColumn(input.columns, copy) }
    }
    const { dates, from } = datesOf([step.column], input, context)
    const [date = sql``] = dates.map(ref)
    const column = context.fresh({ name, type: 'date' })
    const start = context.dialect.dates.startOf(date, step.granularity)
    return {
      ...input,
      from: context.computed(sql`SELECT ${carried(input)}, ${start} AS ${ref(column)} FROM ${from}`),
      columns: withColumn(input.columns, column),
    }
  },
  mongo: (step, input, context) => {
    const name = step.newColumn ?? step.column
    const source = columnOf(input, step.column)
    if (step.granularity === unset) {
      const copy = { column: { name, type: source.type }, value: read(source) }
      return name === step.column ? input : withValues(input, [copy], context)
    }
    const { dates, rows } = mongoDatesOf([source], input, context)
    const [date = source] = dates
    const value = startOf(read(date), step.granularity)
    return withValues(rows, [{ column: { name, type: 'date' }, value }], context)
  },
})
