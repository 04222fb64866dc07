import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { datePart, shifted, startOf } from '../mongo/dates.ts'
import { type Expression, read } from '../mongo/expression.ts'
import { datesOf as mongoDatesOf } from '../mongo/read-date.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref } from '../sql/context.ts'
import type { SqlDialect } from '../sql/dialect.ts'
import { joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { DatePart, DatePeriod } from '../sql/functions/dates.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { repeatedName, stepProblem, withColumn } from './columns.ts'
import { datesOf, findDatesOrTexts } from './date-columns.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

/** A number of the date, or of the date one period earlier. */
const parts = {
  year: { part: 'year' },
  month: { part: 'month' },
  day: { part: 'day' },
  week: { part: 'week' },
  quarter: { part: 'quarter' },
  dayOfWeek: { part: 'dayOfWeek' },
  dayOfYear: { part: 'dayOfYear' },
  isoYear: { part: 'isoYear' },
  isoWeek: { part: 'isoWeek' },
  isoDayOfWeek: { part: 'isoDayOfWeek' },
  hour: { part: 'hour' },
  minutes: { part: 'minute' },
  seconds: { part: 'second' },
  milliseconds: { part: 'millisecond' },
  previousYear: { part: 'year', before: 'year' },
  previousMonth: { part: 'month', before: 'month' },
  previousWeek: { part: 'week', before: 'week' },
  previousQuarter: { part: 'quarter', before: 'quarter' },
  previousIsoWeek: { part: 'isoWeek', before: 'isoWeek' },
} as const satisfies Record<string, { readonly part: DatePart; readonly before?: DatePeriod }>

/** The first day of the period that the date is in, or of the one before. */
const days = {
  currentDay: { start: 'day' },
  firstDayOfYear: { start: 'year' },
  firstDayOfMonth: { start: 'month' },
  firstDayOfWeek: { start: 'week' },
  firstDayOfQuarter: { start: 'quarter' },
  firstDayOfIsoWeek: { start: 'isoWeek' },
  previousDay: { start: 'day', previous: true },
  firstDayOfPreviousYear: { start: 'year', previous: true },
  firstDayOfPreviousMonth: { start: 'month', previous: true },
  firstDayOfPreviousWeek: { start: 'week', previous: true },
  firstDayOfPreviousQuarter: { start: 'quarter', previous: true },
  firstDayOfPreviousIsoWeek: { start: 'isoWeek', previous: true },
} as const satisfies Record<string, { readonly start: DatePeriod; readonly previous?: true }>

type PartInfo = keyof typeof parts
type DayInfo = keyof typeof days
type DateInfo = PartInfo | DayInfo

const dateInfo = z.enum([...Object.keys(parts), ...Object.keys(days)] as [DateInfo, ...DateInfo[]])

const fields = record({
  column: columnName,
  dateInfo: z.array(dateInfo).min(1, 'Extract at least one part.'),
  newColumns: z.array(columnName),
}).check(({ value, issues }) => {
  if (value.newColumns.length === value.dateInfo.length) return
  issues.push({ code: 'custom', message: 'There should be one new column for each part.', input: value })
})

export const dateextract = defineStep({
  name: 'dateextract',
  summary:
    'Parts of a date in new columns: numbers such as the month or the ISO week, or days such as the first of the quarter.',
  example: {
    step: {
      column: 'ordered',
      dateInfo: ['year', 'isoWeek', 'firstDayOfQuarter'],
      newColumns: ['year', 'week', 'quarter'],
    },
    input: { columns: { ordered: 'date' }, rows: [['2024-05-17T09:30:00Z'], ['2024-12-30'], [null]] },
    output: {
      columns: { ordered: 'date', year: 'integer', week: 'integer', quarter: 'date' },
      rows: [
        ['2024-05-17T09:30:00Z', 2024, 20, '2024-04-01'],
        ['2024-12-30', 2024, 1, '2024-10-01'],
        [null, null, null, null],
      ],
    },
  },
  fields,
  legacy: (raw) => {
    const { operation, newColumnName, new_column_name: snakeName, ...rest } = raw
    if (operation === undefined || 'dateInfo' in raw || 'date_info' in raw) return raw
    const name = newColumnName ?? snakeName ?? `${raw.column}_${operation}`
    return { ...rest, dateInfo: [operation], newColumns: [name] }
  },
  columns: (step, input) => {
    findDatesOrTexts(step, [step.column], input)
    return newColumns(step).reduce<readonly Column[]>((columns, { column }) => withColumn(columns, column), input)
  },
  sql: (step, input, context) => {
    const { dates, from } = datesOf([step.column], input, context)
    const [date = sql``] = dates.map(ref)
    const added = newColumns(step).map(({ info, column }) => ({ info, column: context.fresh(column) }))
    const list = added.map(({ info, column }) => sql`${infoSql(date, info, context.dialect)} AS ${ref(column)}`)
    return {
      ...input,
      from: context.computed(sql`SELECT ${joinSql([carried(input), ...list], ', ')} FROM ${from}`),
      columns: added.reduce((columns, { column }) => withColumn(columns, column), [...input.columns]),
    }
  },
  mongo: (step, input, context) => {
    const column = columnOf(input, step.column)
    const { dates, rows } = mongoDatesOf([column], input, context)
    const [date = column] = dates
    const list = newColumns(step).map(({ info, column }) => ({ column, value: infoMongo(read(date), info) }))
    return withValues(rows, list, context)
  },
})

function newColumns(
  step: AnyStep & Pick<z.output<typeof fields>, 'dateInfo' | 'newColumns'>,
): { readonly info: DateInfo; readonly column: Column }[] {
  const clash = repeatedName(step.newColumns)
  if (clash !== undefined) throw stepProblem(step, `two columns would have the name "${clash}".`, { column: clash })
  return step.dateInfo.map((info, index) => ({
    info,
    column: { name: step.newColumns[index] ?? info, type: isPart(info) ? 'integer' : 'date' },
  }))
}

function isPart(info: DateInfo): info is PartInfo {
  return Object.hasOwn(parts, info)
}

function infoSql(date: Sql, info: DateInfo, { dates }: SqlDialect): Sql {
  if (isPart(info)) {
    const { part, before }: { part: DatePart; before?: DatePeriod } = parts[info]
    return dates.part(before ? dates.shift(date, before, -1) : date, part)
  }
  const { start, previous }: { start: DatePeriod; previous?: true } = days[info]
  const day = dates.startOf(date, start)
  return previous ? dates.shift(day, start, -1) : day
}

function infoMongo(date: Expression, info: DateInfo): Expression {
  if (isPart(info)) {
    const { part, before }: { part: DatePart; before?: DatePeriod } = parts[info]
    return datePart(before ? shifted(date, before, -1) : date, part)
  }
  const { start, previous }: { start: DatePeriod; previous?: true } = days[info]
  const day = startOf(date, start)
  return previous ? shifted(day, start, -1) : day
}
