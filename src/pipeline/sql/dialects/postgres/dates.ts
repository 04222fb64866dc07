import { ref } from '../../context.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePeriod } from '../../functions/dates.ts'

export const postgresDates: DateFunctions = {
  part: (date, part) => sql`CAST(${parts[part](date)} AS bigint)`,
  startOf: (date, period) => {
    if (period !== 'week') return sql`date_trunc(${units[period]}, ${date})`
    // `week` of the server begins on Monday.
    return sql`(date_trunc('day', ${date}) - extract(dow FROM ${date}) * INTERVAL '1 day')`
  },
  shift: (date, period, direction) => {
    const held = sql`CASE WHEN ${date} BETWEEN TIMESTAMP '4712-01-01 BC' AND TIMESTAMP '294275-01-01' THEN ${date} END`
    return direction === 1 ? sql`(${held} + ${intervals[period]})` : sql`(${held} - ${intervals[period]})`
  },
  seconds: (start, end) => sql`CAST(trunc(extract(epoch FROM ${end} - ${start})) AS bigint)`,
  instant: postgresInstant,
  captures: (text, { pattern }) => sql`regexp_match(${text}, ${bind(pattern, 'text')})`,
  captured: (captures, group) => sql`nullif(${captures}[${numeral(group)}], '')`,
  digits: (text) => sql`CAST(nullif(${text}, '') AS bigint)`,
  placeIn: (text, words) => sql`array_position(string_to_array(${words}, ','), ${text})`,
  padded: (integer, width) => {
    const text = sql`CAST(${integer} AS text)`
    return sql`(lpad(${text}, greatest(${numeral(width)}, length(${text})), '0') COLLATE "C")`
  },
  periods: ({ from, kept, first, last, period, start }) => {
    const list = joinSql([...kept.map(ref), ref(start)], ', ')
    return sql`SELECT ${list} FROM ${from} CROSS JOIN LATERAL generate_series(${ref(first)}, ${ref(last)}, ${intervals[period]}) AS periods (${ref(start)})`
  },
}

/** The server ends the query for a date that there is not, so whether there is one is found out first. */
export function postgresInstant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const leap = sql`p.y % 4 = 0 AND (p.y % 100 <> 0 OR p.y % 400 = 0)`
  const days = sql`CASE WHEN p.mo = 2 THEN CASE WHEN ${leap} THEN 29 ELSE 28 END WHEN p.mo IN (4, 6, 9, 11) THEN 30 ELSE 31 END`
  const isDay = sql`p.y BETWEEN 0 AND 9999 AND p.mo BETWEEN 1 AND 12 AND p.d BETWEEN 1 AND ${days}`
  const isTime = sql`p.h BETWEEN 0 AND 23 AND p.mi BETWEEN 0 AND 59 AND p.s BETWEEN 0 AND 59 AND p.ms BETWEEN 0 AND 999`
  const integer = (value: Sql): Sql => sql`CAST(${value} AS integer)`
  // The year 0 is 1 BC.
  const numbers = [sql`CASE WHEN p.y = 0 THEN -1 ELSE p.y END`, sql`p.mo`, sql`p.d`, sql`p.h`, sql`p.mi`].map(integer)
  const made = sql`make_timestamp(${joinSql(numbers, ', ')}, p.s + p.ms / 1000.0)`
  const given = sql`SELECT ${year} AS y, ${month} AS mo, ${day} AS d, ${hour} AS h, ${minute} AS mi, ${second} AS s, ${millisecond} AS ms OFFSET 0`
  return sql`(SELECT CASE WHEN ${isDay} AND ${isTime} THEN CAST(${made} AS timestamp(3)) END FROM (${given}) AS p)`
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`extract(year FROM ${date})`,
  quarter: (date) => sql`extract(quarter FROM ${date})`,
  month: (date) => sql`extract(month FROM ${date})`,
  day: (date) => sql`extract(day FROM ${date})`,
  week: (date) => sql`floor((extract(doy FROM ${date}) + 6 - extract(dow FROM ${date})) / 7)`,
  dayOfWeek: (date) => sql`extract(dow FROM ${date}) + 1`,
  dayOfYear: (date) => sql`extract(doy FROM ${date})`,
  isoYear: (date) => sql`extract(isoyear FROM ${date})`,
  isoWeek: (date) => sql`extract(week FROM ${date})`,
  isoDayOfWeek: (date) => sql`extract(isodow FROM ${date})`,
  hour: (date) => sql`extract(hour FROM ${date})`,
  minute: (date) => sql`extract(minute FROM ${date})`,
  second: (date) => sql`floor(extract(second FROM ${date}))`,
  millisecond: (date) => sql`floor(extract(milliseconds FROM ${date})) % 1000`,
}

const units: { readonly [P in Exclude<DatePeriod, 'week'>]: Sql } = {
  year: sql`'year'`,
  quarter: sql`'quarter'`,
  month: sql`'month'`,
  isoWeek: sql`'week'`,
  day: sql`'day'`,
}

const intervals: { readonly [P in DatePeriod]: Sql } = {
  year: sql`INTERVAL '1 year'`,
  quarter: sql`INTERVAL '3 months'`,
  month: sql`INTERVAL '1 month'`,
  week: sql`INTERVAL '7 days'`,
  isoWeek: sql`INTERVAL '7 days'`,
  day: sql`INTERVAL '1 day'`,
}

/** A whole number that this room chose. */
function numeral(value: number): Sql {
  return { texts: [String(Math.trunc(value))], values: [] }
}
