import { ref } from '../../context.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePattern, DatePeriod } from '../../functions/dates.ts'
import { numeral } from '../numeral.ts'

export const redshiftDates: DateFunctions = {
  part: (date, part) => sql`CAST(${parts[part](date)} AS bigint)`,
  startOf: (date, period) => {
    if (period !== 'week') return sql`date_trunc(${units[period]}, ${date})`
    // `week` of the server begins on Monday.
    return sql`dateadd(day, -CAST(extract(dow FROM ${date}) AS integer), date_trunc('day', ${date}))`
  },
  shift: (date, period, direction) => {
    const held = sql`CASE WHEN extract(year FROM ${date}) BETWEEN -4711 AND 294274 THEN ${date} END`
    const { unit, count } = lengths[period]
    return sql`dateadd(${unit}, ${numeral(count * direction)}, ${held})`
  },
  seconds: (start, end) => sql`(datediff(millisecond, ${start}, ${end}) / 1000)`,
  instant: redshiftInstant,
  captures: (text, pattern) => {
    // It extracts the first group only, so for each one there is an expression in which no other counts.
    const each = pattern.groups.map((_, index) => {
      const expression = written(pattern, onlyGroup(pattern.pattern, index))
      return sql`REGEXP_SUBSTR(${text}, ${expression}, 1, 1, 'ep')`
    })
    const joined = each.reduce((all, next) => sql`${all} || '|' || ${next}`)
    return sql`CASE WHEN REGEXP_INSTR(${text}, ${written(pattern, pattern.pattern)}, 1, 1, 0, 'p') > 0 THEN ${joined} END`
  },
  // No group of a date has a bar in it.
  captured: (captures, group) => sql`nullif(split_part(${captures}, '|', ${numeral(group)}), '')`,
  digits: (text) => sql`CAST(nullif(${text}, '') AS bigint)`,
  placeIn: (text, words) => {
    const list = sql`(',' || ${words} || ',')`
    const upTo = sql`substr(${list}, 1, strpos(${list}, ',' || ${text} || ','))`
    return sql`nullif(length(${upTo}) - length(replace(${upTo}, ',', '')), 0)`
  },
  padded: (integer, width) => {
    const text = sql`CAST(${integer} AS varchar)`
    return sql`lpad(${text}, greatest(${numeral(width)}, length(${text})), '0')`
  },
  periods,
}

export function millisecondsOf(date: Sql): Sql {
  return sql`datediff(millisecond, TIMESTAMP '1970-01-01', ${date})`
}

/** From the first date of the server on, which is later than the first of the other engines. */
export function instantOf(value: Sql): Sql {
  const day = sql`dateadd(day, CAST(${value} / 86400000 AS integer), TIMESTAMP '1970-01-01')`
  return sql`CASE WHEN ${value} BETWEEN -210866803200000 AND 8640000000000000 THEN dateadd(millisecond, CAST(${value} % 86400000 AS integer), ${day}) END`
}

/** Days behind the end of a month are found by the month that they lead to. */
export function redshiftInstant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const isDay = sql`${year} BETWEEN 0 AND 9999 AND ${month} BETWEEN 1 AND 12 AND ${day} BETWEEN 1 AND 31`
  const isTime = sql`${hour} BETWEEN 0 AND 23 AND ${minute} BETWEEN 0 AND 59 AND ${second} BETWEEN 0 AND 59`
  const months = sql`CAST((${year} - 1970) * 12 + ${month} - 1 AS integer)`
  const date = sql`dateadd(day, CAST(${day} - 1 AS integer), dateadd(month, ${months}, TIMESTAMP '1970-01-01'))`
  const time = sql`CAST((${hour} * 3600 + ${minute} * 60 + ${second}) * 1000 + ${millisecond} AS integer)`
  const instant = sql`CASE WHEN extract(day FROM ${date}) = ${day} THEN dateadd(millisecond, ${time}, ${date}) END`
  return sql`CASE WHEN ${isDay} AND ${isTime} THEN ${instant} END`
}

/** An expression as a constant, which the server wants, unless a person has written a part of it. */
function written({ ours }: DatePattern, pattern: string): Sql {
  if (!ours) return bind(pattern, 'text')
  return { texts: [`'${pattern.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`], values: [] }
}

/** The expression with this one of its groups (from 0) counted alone. */
function onlyGroup(pattern: string, wanted: number): string {
  let group = -1
  return pattern.replaceAll(/\\[\s\S]|\[(?:\\[\s\S]|[^\]])*\]|\((?!\?)/g, (part) => {
    if (part !== '(') return part
    group++
    return group === wanted ? '(' : '(?:'
  })
}

/** There is no table of numbers: the number of a period is put together from digits, of which only those are tried that may fit. */
function periods({ from, kept, first, last, period, start }: Parameters<DateFunctions['periods']>[0]): Sql {
  const { unit, count } = lengths[period]
  const span = sql`datediff(${unit}, ${ref(first)}, ${ref(last)}) / ${numeral(count)}`
  const names = [9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => ({ texts: [`d${n}`], values: [] }) satisfies Sql)
  const sums = names.map((name, index) => sql`${name}.digit * ${numeral(10 ** (names.length - 1 - index))}`)
  const joins = names.map((name, index) => {
    const number = sums.slice(0, index + 1).reduce((all, next) => sql`${all} + ${next}`)
    return sql`INNER JOIN digits ${name} ON ${number} <= ${span}`
  })
  const number = sums.reduce((all, next) => sql`${all} + ${next}`)
  const each = sql`dateadd(${unit}, (${number}) * ${numeral(count)}, ${ref(first)}) AS ${ref(start)}`
  const digits = sql`SELECT 0 AS digit UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9`
  return sql`WITH digits AS (${digits}) SELECT ${joinSql([...kept.map(ref), each], ', ')} FROM ${from} ${joinSql(joins, ' ')} WHERE ${ref(first)} <= ${ref(last)}`
}

/** Its own week and day of the week of ISO 8601 are not documented: they are those of the Thursday of the same week. */
const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`extract(year FROM ${date})`,
  quarter: (date) => sql`extract(quarter FROM ${date})`,
  month: (date) => sql`extract(month FROM ${date})`,
  day: (date) => sql`extract(day FROM ${date})`,
  week: (date) => sql`floor((extract(doy FROM ${date}) + 6 - extract(dow FROM ${date})) / 7)`,
  dayOfWeek: (date) => sql`extract(dow FROM ${date}) + 1`,
  dayOfYear: (date) => sql`extract(doy FROM ${date})`,
  isoYear: (date) => sql`extract(year FROM ${thursday(date)})`,
  isoWeek: (date) => sql`floor((extract(doy FROM ${thursday(date)}) + 6) / 7)`,
  isoDayOfWeek: (date) => sql`datediff(day, date_trunc('week', ${date}), ${date}) + 1`,
  hour: (date) => sql`extract(hour FROM ${date})`,
  minute: (date) => sql`extract(minute FROM ${date})`,
  second: (date) => sql`floor(extract(second FROM ${date}))`,
  millisecond: (date) => sql`datediff(millisecond, date_trunc('second', ${date}), ${date})`,
}

function thursday(date: Sql): Sql {
  return sql`dateadd(day, 3, date_trunc('week', ${date}))`
}

const units: { readonly [P in Exclude<DatePeriod, 'week'>]: Sql } = {
  year: sql`'year'`,
  quarter: sql`'quarter'`,
  month: sql`'month'`,
  isoWeek: sql`'week'`,
  day: sql`'day'`,
}

const lengths: { readonly [P in DatePeriod]: { readonly unit: Sql; readonly count: number } } = {
  year: { unit: sql`year`, count: 1 },
  quarter: { unit: sql`month`, count: 3 },
  month: { unit: sql`month`, count: 1 },
  week: { unit: sql`day`, count: 7 },
  isoWeek: { unit: sql`day`, count: 7 },
  day: { unit: sql`day`, count: 1 },
}
