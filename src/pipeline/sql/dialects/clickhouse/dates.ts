import { ref } from '../../context.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePeriod } from '../../functions/dates.ts'
import { numeral } from '../numeral.ts'
import { quotedUnits } from '../units.ts'

/** Dates are of the years 1900 to 2299, beyond which the functions of the server do not calculate. */
export const clickhouseDates: DateFunctions = {
  part: (date, part) => parts[part](date),
  startOf: (date, period) => starts[period](date),
  shift: (date, period, direction) => {
    const held = sql`CASE WHEN ${date} BETWEEN toDateTime64('1901-01-01 00:00:00', 3, 'UTC') AND toDateTime64('2298-12-31 00:00:00', 3, 'UTC') THEN ${date} END`
    return moved[period](held, numeral(direction))
  },
  seconds: (start, end) => sql`intDiv(toUnixTimestamp64Milli(${end}) - toUnixTimestamp64Milli(${start}), 1000)`,
  instant: clickhouseInstant,
  captures: (text, { pattern }) => sql`extractGroups(coalesce(${text}, ''), ${bind(pattern, 'text')})`,
  // A place beyond the end has the empty text.
  captured: (captures, group) => sql`nullIf(${captures}[${numeral(group)}], '')`,
  digits: (text) => sql`toInt64OrNull(${text})`,
  placeIn: (text, words) => sql`nullIf(indexOf(splitByChar(',', ${words}), ${text}), 0)`,
  padded: (integer, width) => {
    const text = sql`toString(${integer})`
    return sql`leftPad(${text}, greatest(${numeral(width)}, length(${text})), '0')`
  },
  periods: ({ from, kept, first, last, period, start }) => {
    const count = sql`coalesce(dateDiff(${quotedUnits[period]}, ${ref(first)}, ${ref(last)}), -1) + 1`
    const each = sql`${moved[period](ref(first), sql`number`)} AS ${ref(start)}`
    const list = joinSql([...kept.map(ref), each], ', ')
    return sql`SELECT ${list} FROM ${from} ARRAY JOIN range(toUInt64(greatest(${count}, 0))) AS number`
  },
}

/** The server makes some date of a day that there is not, so whether there is one is found out first. */
export function clickhouseInstant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const leap = sql`y % 4 = 0 AND (y % 100 <> 0 OR y % 400 = 0)`
  const days = sql`CASE WHEN mo = 2 THEN CASE WHEN ${leap} THEN 29 ELSE 28 END WHEN mo IN (4, 6, 9, 11) THEN 30 ELSE 31 END`
  const isDay = sql`y BETWEEN 1900 AND 2299 AND mo BETWEEN 1 AND 12 AND d BETWEEN 1 AND ${days}`
  const isTime = sql`h BETWEEN 0 AND 23 AND mi BETWEEN 0 AND 59 AND s BETWEEN 0 AND 59 AND ms BETWEEN 0 AND 999`
  const made = sql`CASE WHEN ${isDay} AND ${isTime} THEN makeDateTime64(y, mo, d, h, mi, s, ms, 3, 'UTC') END`
  const given = [year, month, day, hour, minute, second, millisecond].map((part) => sql`[${part}]`)
  return sql`arrayMap((y, mo, d, h, mi, s, ms) -> ${made}, ${joinSql(given, ', ')})[1]`
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`toYear(${date})`,
  quarter: (date) => sql`toQuarter(${date})`,
  month: (date) => sql`toMonth(${date})`,
  day: (date) => sql`toDayOfMonth(${date})`,
  week: (date) => sql`intDiv(toDayOfYear(${date}) + 6 - toDayOfWeek(${date}) % 7, 7)`,
  dayOfWeek: (date) => sql`(toDayOfWeek(${date}) % 7 + 1)`,
  dayOfYear: (date) => sql`toDayOfYear(${date})`,
  isoYear: (date) => sql`toISOYear(${date})`,
  isoWeek: (date) => sql`toISOWeek(${date})`,
  isoDayOfWeek: (date) => sql`toDayOfWeek(${date})`,
  hour: (date) => sql`toHour(${date})`,
  minute: (date) => sql`toMinute(${date})`,
  second: (date) => sql`toSecond(${date})`,
  millisecond: (date) => sql`toMillisecond(${date})`,
}

/** Not `toStartOf…`, whose results are of other types, with fewer days. */
function midnight(date: Sql): Sql {
  const instant = sql`toUnixTimestamp64Milli(${date})`
  return sql`fromUnixTimestamp64Milli(${instant} - positiveModulo(${instant}, 86400000), 'UTC')`
}

const firstOfMonth = (date: Sql): Sql => sql`subtractDays(${midnight(date)}, toDayOfMonth(${date}) - 1)`

const starts: { readonly [P in DatePeriod]: (date: Sql) => Sql } = {
  year: (date) => sql`subtractDays(${midnight(date)}, toDayOfYear(${date}) - 1)`,
  quarter: (date) => sql`subtractMonths(${firstOfMonth(date)}, (toMonth(${date}) - 1) % 3)`,
  month: firstOfMonth,
  // The first days of 1900 are in a week of the year before.
  week: (date) =>
    sql`CASE WHEN ${date} >= toDateTime64('1900-01-07 00:00:00', 3, 'UTC') THEN subtractDays(${midnight(date)}, toDayOfWeek(${date}) % 7) END`,
  isoWeek: (date) => sql`subtractDays(${midnight(date)}, toDayOfWeek(${date}) - 1)`,
  day: midnight,
}

const moved: { readonly [P in DatePeriod]: (date: Sql, count: Sql) => Sql } = {
  year: (date, count) => sql`addYears(${date}, ${count})`,
  quarter: (date, count) => sql`addQuarters(${date}, ${count})`,
  month: (date, count) => sql`addMonths(${date}, ${count})`,
  week: (date, count) => sql`addWeeks(${date}, ${count})`,
  isoWeek: (date, count) => sql`addWeeks(${date}, ${count})`,
  day: (date, count) => sql`addDays(${date}, ${count})`,
}
