import { ref } from '../../context.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePeriod } from '../../functions/dates.ts'
import { numeral } from '../numeral.ts'
import { groupNumbers, numbered } from './pattern.ts'

/** The dates of the server: the years 0 to 9999. */
export const milliseconds = { first: -62167219200000, last: 253402300799999 } as const

export const snowflakeDates: DateFunctions = {
  part: (date, part) => sql`CAST(${parts[part](date)} AS NUMBER(38, 0))`,
  startOf: (date, period) => starts[period](date),
  shift: (date, period, direction) => {
    const held = sql`CASE WHEN YEAR(${date}) BETWEEN 1 AND 9998 THEN ${date} END`
    const { unit, count } = lengths[period]
    return sql`DATEADD(${unit}, ${numeral(count * direction)}, ${held})`
  },
  seconds: (start, end) =>
    sql`CAST(TRUNC((${millisecondsOf(end)} - ${millisecondsOf(start)}) / 1000) AS NUMBER(38, 0))`,
  instant: snowflakeInstant,
  captures: (text, { pattern }) => {
    const plain = pattern.replace('(?i)', '')
    const expression = bind(numbered(plain), 'text')
    const each = groupNumbers(plain).map(
      (number) => sql`REGEXP_SUBSTR(${text}, ${expression}, 1, 1, 'ie', ${numeral(number)})`,
    )
    return sql`CASE WHEN REGEXP_LIKE(${text}, ${expression}, 'i') THEN ARRAY_CONSTRUCT(${joinSql(each, ', ')}) END`
  },
  captured: (captures, group) => sql`NULLIF(CAST(GET(${captures}, ${numeral(group - 1)}) AS VARCHAR), '')`,
  digits: (text) => sql`TRY_TO_NUMBER(${text}, 38, 0)`,
  placeIn: (text, words) => sql`(ARRAY_POSITION(TO_VARIANT(${text}), SPLIT(${words}, ',')) + 1)`,
  padded: (integer, width) => {
    const text = sql`TO_VARCHAR(${integer})`
    return sql`LPAD(${text}, GREATEST(${numeral(width)}, LENGTH(${text})), '0')`
  },
  periods: ({ from, kept, first, last, period, start }) => {
    const { unit, count } = lengths[period]
    const steps = sql`ARRAY_GENERATE_RANGE(0, DATEDIFF(${unit}, ${ref(first)}, ${ref(last)}) + 1, ${numeral(count)})`
    const each = sql`DATEADD(${unit}, CAST(periods.value AS NUMBER(38, 0)), ${ref(first)}) AS ${ref(start)}`
    return sql`SELECT ${joinSql([...kept.map(ref), each], ', ')} FROM ${from}, LATERAL FLATTEN(INPUT => ${steps}) AS periods`
  },
}

export function millisecondsOf(date: Sql): Sql {
  return sql`DATE_PART('epoch_millisecond', ${date})`
}

/** Longer numbers would be cut, and the server takes some text for a date that is none of this kind. */
export function snowflakeInstant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const padded = (value: Sql, width: number): Sql => sql`LPAD(TO_VARCHAR(${value}), ${numeral(width)}, '0')`
  const two = (value: Sql): Sql => padded(value, 2)
  const days = joinSql([padded(year, 4), sql`'-'`, two(month), sql`'-'`, two(day)], ', ')
  const clock = joinSql([two(hour), sql`':'`, two(minute), sql`':'`, two(second)], ', ')
  const isDay = sql`${year} BETWEEN 0 AND 9999 AND ${month} BETWEEN 1 AND 12 AND ${day} BETWEEN 1 AND 31`
  const isTime = sql`${hour} BETWEEN 0 AND 23 AND ${minute} BETWEEN 0 AND 59 AND ${second} BETWEEN 0 AND 59`
  const text = sql`CONCAT(${days}, ' ', ${clock}, '.', ${padded(millisecond, 3)})`
  return sql`CASE WHEN ${isDay} AND ${isTime} THEN CAST(TRY_TO_TIMESTAMP_NTZ(${text}, 'YYYY-MM-DD HH24:MI:SS.FF3') AS TIMESTAMP_NTZ(3)) END`
}

/** What begins weeks is a setting of the session, but for weeks of ISO 8601. */
const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`YEAR(${date})`,
  quarter: (date) => sql`QUARTER(${date})`,
  month: (date) => sql`MONTH(${date})`,
  day: (date) => sql`DAY(${date})`,
  week: (date) => sql`FLOOR((DAYOFYEAR(${date}) + 6 - DAYOFWEEKISO(${date}) % 7) / 7)`,
  dayOfWeek: (date) => sql`DAYOFWEEKISO(${date}) % 7 + 1`,
  dayOfYear: (date) => sql`DAYOFYEAR(${date})`,
  isoYear: (date) => sql`YEAROFWEEKISO(${date})`,
  isoWeek: (date) => sql`WEEKISO(${date})`,
  isoDayOfWeek: (date) => sql`DAYOFWEEKISO(${date})`,
  hour: (date) => sql`HOUR(${date})`,
  minute: (date) => sql`MINUTE(${date})`,
  second: (date) => sql`SECOND(${date})`,
  millisecond: (date) => sql`FLOOR(DATE_PART('nanosecond', ${date}) / 1000000)`,
}

const starts: { readonly [P in DatePeriod]: (date: Sql) => Sql } = {
  year: (date) => sql`DATE_TRUNC('year', ${date})`,
  quarter: (date) => sql`DATE_TRUNC('quarter', ${date})`,
  month: (date) => sql`DATE_TRUNC('month', ${date})`,
  week: (date) => sql`DATEADD('day', -(DAYOFWEEKISO(${date}) % 7), DATE_TRUNC('day', ${date}))`,
  isoWeek: (date) => sql`DATEADD('day', 1 - DAYOFWEEKISO(${date}), DATE_TRUNC('day', ${date}))`,
  day: (date) => sql`DATE_TRUNC('day', ${date})`,
}

const lengths: { readonly [P in DatePeriod]: { readonly unit: Sql; readonly count: number } } = {
  year: { unit: sql`'year'`, count: 1 },
  quarter: { unit: sql`'month'`, count: 3 },
  month: { unit: sql`'month'`, count: 1 },
  week: { unit: sql`'day'`, count: 7 },
  isoWeek: { unit: sql`'day'`, count: 7 },
  day: { unit: sql`'day'`, count: 1 },
}
