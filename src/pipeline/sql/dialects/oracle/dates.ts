import { ref } from '../../context.ts'
import { joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePeriod } from '../../functions/dates.ts'
import { numeral } from '../numeral.ts'
import { capturesText } from './captures.ts'
import { milliseconds } from './convert.ts'

export const oracleDates: DateFunctions = {
  part: (date, part) => parts[part](date),
  startOf: (date, period) => sql`CAST(${starts[period](date)} AS TIMESTAMP(3))`,
  shift: (date, period, direction) => {
    const moved = shifted(date, period, direction)
    return sql`CASE WHEN ${date} BETWEEN DATE '0002-01-01' AND DATE '9998-12-31' THEN ${moved} END`
  },
  seconds: (start, end) => sql`TRUNC((${milliseconds(end)} - ${milliseconds(start)}) / 1000)`,
  instant,
  captures: capturesText,
  captured: (captures, group) => sql`REGEXP_SUBSTR(${captures}, '([^|]*)([|]|$)', 1, ${numeral(group)}, 'c', 1)`,
  digits: (text) => sql`TO_NUMBER(${text})`,
  placeIn: (text, words) => {
    const place = sql`INSTR(',' || ${words} || ',', ',' || ${text} || ',')`
    const before = sql`REGEXP_COUNT(SUBSTR(',' || ${words}, 1, ${place}), ',')`
    return sql`CASE WHEN ${text} IS NOT NULL AND ${place} > 0 THEN ${before} END`
  },
  padded: (integer, width) => {
    const text = sql`TO_CHAR(${integer})`
    return sql`LPAD(${text}, GREATEST(${numeral(width)}, LENGTH(${text})), '0')`
  },
  periods,
}

/** A date that there is not becomes null on its way from a text. */
function instant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const padded = (value: Sql, width: number): Sql => sql`LPAD(${value}, ${numeral(width)}, '0')`
  const date = sql`${padded(year, 4)} || '-' || ${padded(month, 2)} || '-' || ${padded(day, 2)}`
  const time = sql`${padded(hour, 2)} || ':' || ${padded(minute, 2)} || ':' || ${padded(second, 2)} || '.' || ${padded(millisecond, 3)}`
  const isDay = sql`${year} BETWEEN 1 AND 9999 AND ${month} BETWEEN 1 AND 12 AND ${day} BETWEEN 1 AND 31`
  const isTime = sql`${hour} BETWEEN 0 AND 23 AND ${minute} BETWEEN 0 AND 59 AND ${second} BETWEEN 0 AND 59 AND ${millisecond} BETWEEN 0 AND 999`
  const read = sql`TO_TIMESTAMP(${date} || ' ' || ${time} DEFAULT NULL ON CONVERSION ERROR, 'YYYY-MM-DD HH24:MI:SS.FF3')`
  return sql`CASE WHEN ${isDay} AND ${isTime} THEN CAST(${read} AS TIMESTAMP(3)) END`
}

/** From Monday, 0, to Sunday, wherever the session is. */
function daysSinceMonday(date: Sql): Sql {
  return sql`(TRUNC(${date}, 'DD') - TRUNC(${date}, 'IW'))`
}

function dayOfWeek(date: Sql): Sql {
  return sql`(MOD(${daysSinceMonday(date)} + 1, 7) + 1)`
}

function written(date: Sql, format: Sql): Sql {
  return sql`TO_NUMBER(TO_CHAR(${date}, ${format}))`
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`EXTRACT(YEAR FROM ${date})`,
  quarter: (date) => written(date, sql`'Q'`),
  month: (date) => sql`EXTRACT(MONTH FROM ${date})`,
  day: (date) => sql`EXTRACT(DAY FROM ${date})`,
  week: (date) => sql`FLOOR((${written(date, sql`'DDD'`)} + 7 - ${dayOfWeek(date)}) / 7)`,
  dayOfWeek,
  dayOfYear: (date) => written(date, sql`'DDD'`),
  isoYear: (date) => written(date, sql`'IYYY'`),
  isoWeek: (date) => written(date, sql`'IW'`),
  isoDayOfWeek: (date) => sql`(${daysSinceMonday(date)} + 1)`,
  hour: (date) => sql`EXTRACT(HOUR FROM ${date})`,
  minute: (date) => sql`EXTRACT(MINUTE FROM ${date})`,
  second: (date) => sql`FLOOR(EXTRACT(SECOND FROM ${date}))`,
  millisecond: (date) => sql`MOD(FLOOR(EXTRACT(SECOND FROM ${date}) * 1000), 1000)`,
}

const starts: { readonly [P in DatePeriod]: (date: Sql) => Sql } = {
  year: (date) => sql`TRUNC(${date}, 'YYYY')`,
  quarter: (date) => sql`TRUNC(${date}, 'Q')`,
  month: (date) => sql`TRUNC(${date}, 'MM')`,
  week: (date) => sql`TRUNC(${date}, 'DD') - (${dayOfWeek(date)} - 1)`,
  isoWeek: (date) => sql`TRUNC(${date}, 'IW')`,
  day: (date) => sql`TRUNC(${date}, 'DD')`,
}

/** Periods of the calendar in months, the others in days. */
const lengths: { readonly [P in DatePeriod]: { readonly months: number } | { readonly days: number } } = {
  year: { months: 12 },
  quarter: { months: 3 },
  month: { months: 1 },
  week: { days: 7 },
  isoWeek: { days: 7 },
  day: { days: 1 },
}

/** The server moves the last day of a month to the last day of another, so the day of the month is put back. */
function shifted(date: Sql, period: DatePeriod, direction: 1 | -1): Sql {
  const length = lengths[period]
  if ('days' in length) return sql`${date} + NUMTODSINTERVAL(${numeral(direction * length.days)}, 'DAY')`
  const month = sql`ADD_MONTHS(TRUNC(${date}, 'MM'), ${numeral(direction * length.months)})`
  const day = sql`LEAST(EXTRACT(DAY FROM ${date}), EXTRACT(DAY FROM LAST_DAY(${month})))`
  const clock = sql`(${date} - CAST(TRUNC(${date}, 'DD') AS TIMESTAMP(3)))`
  return sql`CAST(CAST(${month} + ${day} - 1 AS TIMESTAMP(3)) + ${clock} AS TIMESTAMP(3))`
}

/** A number for each period of a row. */
function periods({ from, kept, first, last, period, start }: Parameters<DateFunctions['periods']>[0]): Sql {
  const length = lengths[period]
  const [begin, end] = [ref(first), ref(last)]
  const isMonths = 'months' in length
  const size = numeral('months' in length ? length.months : length.days)
  const span = isMonths ? sql`MONTHS_BETWEEN(${end}, ${begin})` : sql`(TRUNC(${end}, 'DD') - TRUNC(${begin}, 'DD'))`
  const numbers = sql`SELECT LEVEL - 1 AS n FROM dual CONNECT BY LEVEL <= ROUND(${span} / ${size}) + 1`
  const moved = isMonths
    ? sql`ADD_MONTHS(TRUNC(${begin}, 'DD'), numbers.n * ${size})`
    : sql`TRUNC(${begin}, 'DD') + numbers.n * ${size}`
  const list = joinSql([...kept.map(ref), sql`CAST(${moved} AS TIMESTAMP(3)) AS ${ref(start)}`], ', ')
  return sql`SELECT ${list} FROM ${from} CROSS APPLY (${numbers}) numbers WHERE ${begin} <= ${end}`
}
