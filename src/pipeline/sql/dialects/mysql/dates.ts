import { ref } from '../../context.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePeriod } from '../../functions/dates.ts'
import { exactText } from './text.ts'

export const mysqlDates: DateFunctions = {
  part: (date, part) => parts[part](date),
  startOf: (date, period) => sql`CAST(${starts[period](date)} AS DATETIME(3))`,
  shift: (date, period, direction) => {
    const held = sql`CASE WHEN ${date} BETWEEN '0001-01-01' AND '9998-12-31' THEN ${date} END`
    return direction === 1 ? sql`(${held} + ${intervals[period]})` : sql`(${held} - ${intervals[period]})`
  },
  seconds: (start, end) => sql`timestampdiff(SECOND, ${start}, ${end})`,
  instant: mysqlInstant,
  captures: (text, { pattern, groups }) => {
    const expression = bind(pattern, 'text')
    return sql`CASE WHEN ${text} REGEXP ${expression} THEN regexp_replace(${text}, ${expression}, ${groupList(groups.length)}) END`
  },
  captured: (captures, group) => {
    const upTo = sql`substring_index(${captures}, '|', ${numeral(group)})`
    return sql`nullif(substring_index(${upTo}, '|', -1), '')`
  },
  digits: (text) => sql`CAST(nullif(${text}, '') AS SIGNED)`,
  placeIn: (text, words) => sql`nullif(find_in_set(${text}, ${words}), 0)`,
  padded: (integer, width) => {
    const text = sql`CAST(${integer} AS CHAR)`
    return exactText(sql`lpad(${text}, greatest(${numeral(width)}, length(${text})), '0')`)
  },
  periods,
}

/** No group of a date has a bar in it. MariaDB and MySQL name groups in different ways; each reads the comment that is for it. */
function groupList(count: number): Sql {
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  const mariadb = numbers.map((number) => `char(92 USING utf8mb4), '${number}'`).join(`, '|', `)
  const mysql = numbers.map((number) => `$${number}`).join('|')
  return { texts: [`/*M!100200 concat(${mariadb}) *//*!80017 '${mysql}' */`], values: [] }
}

export function mysqlInstant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const padded = (value: Sql, width: number): Sql => sql`lpad(${value}, ${numeral(width)}, '0')`
  const text = joinSql(
    [
      padded(year, 4),
      sql`'-'`,
      padded(month, 2),
      sql`'-'`,
      padded(day, 2),
      sql`' '`,
      padded(hour, 2),
      sql`':'`,
      padded(minute, 2),
      sql`':'`,
      padded(second, 2),
      sql`'.'`,
      padded(millisecond, 3),
    ],
    ', ',
  )
  // Some modes of the server take a month or a day 0.
  const isDay = sql`${month} BETWEEN 1 AND 12 AND ${day} BETWEEN 1 AND 31 AND ${year} BETWEEN 0 AND 9999`
  const isTime = sql`${hour} BETWEEN 0 AND 23 AND ${minute} BETWEEN 0 AND 59 AND ${second} BETWEEN 0 AND 59`
  return sql`CASE WHEN ${isDay} AND ${isTime} THEN CAST(concat(${text}) AS DATETIME(3)) END`
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`year(${date})`,
  quarter: (date) => sql`quarter(${date})`,
  month: (date) => sql`month(${date})`,
  day: (date) => sql`dayofmonth(${date})`,
  week: (date) => sql`((dayofyear(${date}) + 7 - dayofweek(${date})) DIV 7)`,
  dayOfWeek: (date) => sql`dayofweek(${date})`,
  dayOfYear: (date) => sql`dayofyear(${date})`,
  isoYear: (date) => sql`(yearweek(${date}, 3) DIV 100)`,
  isoWeek: (date) => sql`week(${date}, 3)`,
  isoDayOfWeek: (date) => sql`(weekday(${date}) + 1)`,
  hour: (date) => sql`hour(${date})`,
  minute: (date) => sql`minute(${date})`,
  second: (date) => sql`second(${date})`,
  millisecond: (date) => sql`(microsecond(${date}) DIV 1000)`,
}

const starts: { readonly [P in DatePeriod]: (date: Sql) => Sql } = {
  year: (date) => sql`date(${date}) - INTERVAL dayofyear(${date}) - 1 DAY`,
  quarter: (date) =>
    sql`date(${date}) - INTERVAL dayofmonth(${date}) - 1 DAY - INTERVAL (month(${date}) - 1) % 3 MONTH`,
  month: (date) => sql`date(${date}) - INTERVAL dayofmonth(${date}) - 1 DAY`,
  week: (date) => sql`date(${date}) - INTERVAL dayofweek(${date}) - 1 DAY`,
  isoWeek: (date) => sql`date(${date}) - INTERVAL weekday(${date}) DAY`,
  day: (date) => sql`date(${date})`,
}

const intervals: { readonly [P in DatePeriod]: Sql } = {
  year: sql`INTERVAL 1 YEAR`,
  quarter: sql`INTERVAL 3 MONTH`,
  month: sql`INTERVAL 1 MONTH`,
  week: sql`INTERVAL 7 DAY`,
  isoWeek: sql`INTERVAL 7 DAY`,
  day: sql`INTERVAL 1 DAY`,
}

const units: { readonly [P in DatePeriod]: Sql } = {
  year: sql`YEAR`,
  quarter: sql`QUARTER`,
  month: sql`MONTH`,
  week: sql`WEEK`,
  isoWeek: sql`WEEK`,
  day: sql`DAY`,
}

/**
 * Servers stop a recursion after some 1,000 rounds, too few for days one after the other. So the numbers from 0 to that of the last
 * period are halved until each is alone.
 */
function periods({ from, kept, first, last, period, start }: Parameters<DateFunctions['periods']>[0]): Sql {
  const ids = kept.filter(({ id }) => id !== first.id).map(ref)
  const list = joinSql([...ids, ref(first)], ', ')
  const span = sql`timestampdiff(${units[period]}, ${ref(first)}, ${ref(last)})`
  const whole = sql`SELECT ${list}, CAST(0 AS SIGNED) AS low, CAST(${span} AS SIGNED) AS high FROM ${from} WHERE ${ref(first)} <= ${ref(last)}`
  const middle = sql`(low + high) DIV 2`
  const halves = sql`SELECT ${list}, CASE WHEN half = 0 THEN low ELSE ${middle} + 1 END, CASE WHEN half = 0 THEN ${middle} ELSE high END FROM spans CROSS JOIN (SELECT 0 AS half UNION ALL SELECT 1) AS halves WHERE low < high`
  const each = sql`CAST(timestampadd(${units[period]}, low, ${ref(first)}) AS DATETIME(3)) AS ${ref(start)}`
  return sql`WITH RECURSIVE spans AS (${whole} UNION ALL ${halves}) SELECT ${joinSql([...kept.map(ref), each], ', ')} FROM spans WHERE low = high`
}

/** A whole number that this room chose. */
function numeral(value: number): Sql {
  return { texts: [String(Math.trunc(value))], values: [] }
}
