import { Problem } from '../../../../base/index.ts'
import { ref } from '../../context.ts'
import { joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePeriod } from '../../functions/dates.ts'
import { numeral } from '../numeral.ts'
import { exactText } from './text.ts'

export const sqlserverDates: DateFunctions = {
  part: (date, part) => sql`CAST(${parts[part](date)} AS bigint)`,
  startOf: (date, period) => sql`CAST(${starts[period](date)} AS datetime2(3))`,
  shift: (date, period, direction) => {
    const { unit, count } = steps[period]
    const held = sql`CASE WHEN ${date} BETWEEN '0002-01-01' AND '9998-12-31' THEN ${date} END`
    return sql`dateadd(${unit}, ${numeral(direction * count)}, ${held})`
  },
  // The server's own difference counts how often a second begins.
  seconds: (start, end) => sql`(datediff_big(millisecond, ${start}, ${end}) / 1000)`,
  instant,
  captures: withoutExpressions,
  captured: withoutExpressions,
  digits: (text) => sql`TRY_CAST(nullif(${text}, '') AS bigint)`,
  placeIn: withoutExpressions,
  padded: (integer, width) => {
    const zeros = sql`replicate('0', ${numeral(width)} - len(${integer}))`
    return exactText(sql`CASE WHEN ${integer} IS NOT NULL THEN concat(${zeros}, ${integer}) END`)
  },
  periods,
}

/** Errors: `pipeline_invalid`, always. */
function withoutExpressions(): never {
  throw new Problem(
    'pipeline_invalid',
    'SQL Server before 2025 has no regular expressions to read dates from texts with: convert the texts to dates, if they are ISO 8601.',
  )
}

/** A date that there is not becomes null on its way from a text. */
function instant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const padded = (value: Sql, width: 2 | 3 | 4): Sql => sql`right(concat('000', ${value}), ${numeral(width)})`
  const date = sql`${padded(year, 4)}, '-', ${padded(month, 2)}, '-', ${padded(day, 2)}`
  const time = sql`${padded(hour, 2)}, ':', ${padded(minute, 2)}, ':', ${padded(second, 2)}, '.', ${padded(millisecond, 3)}`
  const isDay = sql`${year} BETWEEN 1 AND 9999 AND ${month} BETWEEN 1 AND 12 AND ${day} BETWEEN 1 AND 31`
  const isTime = sql`${hour} BETWEEN 0 AND 23 AND ${minute} BETWEEN 0 AND 59 AND ${second} BETWEEN 0 AND 59 AND ${millisecond} BETWEEN 0 AND 999`
  return sql`CASE WHEN ${isDay} AND ${isTime} THEN TRY_CAST(concat(${date}, ' ', ${time}) AS datetime2(3)) END`
}

/** From Monday, 0, to Sunday, whatever day the session's week begins with: the first day of all is a Monday. */
function daysSinceMonday(date: Sql): Sql {
  return sql`(datediff(day, '0001-01-01', ${date}) % 7)`
}

function dayOfWeek(date: Sql): Sql {
  return sql`((${daysSinceMonday(date)} + 1) % 7 + 1)`
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`year(${date})`,
  quarter: (date) => sql`datepart(quarter, ${date})`,
  month: (date) => sql`month(${date})`,
  day: (date) => sql`day(${date})`,
  week: (date) => sql`((datepart(dayofyear, ${date}) + 7 - ${dayOfWeek(date)}) / 7)`,
  dayOfWeek,
  dayOfYear: (date) => sql`datepart(dayofyear, ${date})`,
  isoYear: (date) => sql`year(dateadd(day, 3 - ${daysSinceMonday(date)}, ${date}))`,
  isoWeek: (date) => sql`datepart(iso_week, ${date})`,
  isoDayOfWeek: (date) => sql`(${daysSinceMonday(date)} + 1)`,
  hour: (date) => sql`datepart(hour, ${date})`,
  minute: (date) => sql`datepart(minute, ${date})`,
  second: (date) => sql`datepart(second, ${date})`,
  millisecond: (date) => sql`datepart(millisecond, ${date})`,
}

const starts: { readonly [P in DatePeriod]: (date: Sql) => Sql } = {
  year: (date) => sql`datefromparts(year(${date}), 1, 1)`,
  quarter: (date) => sql`datefromparts(year(${date}), datepart(quarter, ${date}) * 3 - 2, 1)`,
  month: (date) => sql`datefromparts(year(${date}), month(${date}), 1)`,
  // Before its first Sunday there is no date.
  week: (date) => {
    const held = sql`CASE WHEN ${date} >= '0001-01-07' THEN CAST(${date} AS date) END`
    return sql`dateadd(day, 1 - ${dayOfWeek(date)}, ${held})`
  },
  isoWeek: (date) => sql`dateadd(day, -${daysSinceMonday(date)}, CAST(${date} AS date))`,
  day: (date) => sql`CAST(${date} AS date)`,
}

const steps: { readonly [P in DatePeriod]: { readonly unit: Sql; readonly count: number } } = {
  year: { unit: sql`year`, count: 1 },
  quarter: { unit: sql`month`, count: 3 },
  month: { unit: sql`month`, count: 1 },
  week: { unit: sql`day`, count: 7 },
  isoWeek: { unit: sql`day`, count: 7 },
  day: { unit: sql`day`, count: 1 },
}

/** Numbers from 0 on, as many as there are periods: seven digits are enough for all days that the server has. */
function periods({ from, kept, first, last, period, start }: Parameters<DateFunctions['periods']>[0]): Sql {
  const { unit, count } = steps[period]
  const digit = (name: Sql): Sql => sql`(VALUES (0), (0), (0), (0), (0), (0), (0), (0), (0), (0)) AS ${name} (n)`
  const digits = [sql`d1`, sql`d2`, sql`d3`, sql`d4`, sql`d5`, sql`d6`, sql`d7`]
    .map(digit)
    .reduce((all, next) => sql`${all} CROSS JOIN ${next}`)
  const many = sql`coalesce(datediff(${unit}, ${ref(first)}, ${ref(last)}) / ${numeral(count)} + 1, 0)`
  const numbers = sql`SELECT TOP (${many}) row_number() OVER (ORDER BY (SELECT NULL)) - 1 AS n FROM ${digits}`
  const date = sql`CAST(dateadd(${unit}, numbers.n * ${numeral(count)}, ${ref(first)}) AS datetime2(3)) AS ${ref(start)}`
  const list = joinSql([...kept.map(ref), date], ', ')
  return sql`SELECT ${list} FROM ${from} CROSS APPLY (${numbers}) AS numbers`
}
