import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { secondsBetween } from '../mongo/dates.ts'
import { call, literal, read } from '../mongo/expression.ts'
import { datesOf as mongoDatesOf } from '../mongo/read-date.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import { withColumn } from './columns.ts'
import { datesOf, findDatesOrTexts } from './date-columns.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

/** Seconds of each unit. */
const units = {
  seconds: { number: 1, sql: sql`1` },
  minutes: { number: 60, sql: sql`60` },
  hours: { number: 3600, sql: sql`3600` },
  days: { number: 86_400, sql: sql`86400` },
} as const

export const duration = defineStep({
  name: 'duration',
  summary:
    'The time from one date to another in whole seconds, as a number of the wanted unit; negative when it goes back.',
  example: {
    step: { newColumnName: 'days', startDateColumn: 'ordered', endDateColumn: 'delivered', durationIn: 'days' },
    input: {
      columns: { ordered: 'date', delivered: 'date' },
      rows: [
        ['2024-02-28', '2024-03-01'],
        ['2024-03-04', '2024-03-05T12:00:00Z'],
        ['2024-03-06', null],
      ],
    },
    output: {
      columns: { ordered: 'date', delivered: 'date', days: 'number' },
      rows: [
        ['2024-02-28', '2024-03-01', 2],
        ['2024-03-04', '2024-03-05T12:00:00Z', 1.5],
        ['2024-03-06', null, null],
      ],
    },
  },
  fields: record({
    newColumnName: columnName,
    startDateColumn: columnName,
    endDateColumn: columnName,
    durationIn: z.enum(['seconds', 'minutes', 'hours', 'days']),
  }),
  columns: (step, input) => {
    findDatesOrTexts(step, [step.startDateColumn, step.endDateColumn], input)
    return withColumn(input, { name: step.newColumnName, type: 'number' })
  },
  sql: (step, input, context) => {
    const { dialect } = context
    const { dates, from } = datesOf([step.startDateColumn, step.endDateColumn], input, context)
    const [start = sql``, end = sql``] = dates.map(ref)
    const column = context.fresh({ name: step.newColumnName, type: 'number' })
    const value = dialect.operate('/', [dialect.dates.seconds(start, end), units[step.durationIn].sql], 'number')
    return {
      ...input,
      from: context.computed(sql`SELECT ${carried(input)}, ${value} AS ${ref(column)} FROM ${from}`),
      columns: withColumn(input.columns, column),
    }
  },
  mongo: (step, input, context) => {
    const columns = [step.startDateColumn, step.endDateColumn].map((name) => columnOf(input, name))
    const { dates, rows } = mongoDatesOf(columns, input, context)
    const [start, end] = dates
    if (!start || !end) return input
    const seconds = secondsBetween(read(start), read(end))
    const value = call('$divide', [seconds, literal(units[step.durationIn].number, 'integer')])
    return withValues(rows, [{ column: { name: step.newColumnName, type: 'number' }, value }], context)
  },
})
