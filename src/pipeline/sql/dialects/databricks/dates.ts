import { ref } from '../../context.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePeriod } from '../../functions/dates.ts'
import { numeral } from '../numeral.ts'

/** Dates are timestamps, which reach further than those of JavaScript, in a session whose time zone is UTC. */
export const databricksDates: DateFunctions = {
  part: (date, part) => sql`CAST(${parts[part](date)} AS BIGINT)`,
  startOf: (date, period) => {
    const held = sql`CASE WHEN unix_millis(${date}) BETWEEN -8639968377600000 AND 8640000000000000 THEN ${date} END`
    if (period !== 'week') return sql`date_trunc(${starts[period]}, ${held})`
    // `WEEK` of the server begins on Monday.
    return sql`timestampadd(DAY, 1 - dayofweek(${date}), date_trunc('DAY', ${held}))`
  },
  shift: (date, period, direction) => {
    const held = sql`CASE WHEN unix_millis(${date}) BETWEEN -8639968377600000 AND 8639968377600000 THEN ${date} END`
    const { unit, count } = lengths[period]
    return sql`timestampadd(${unit}, ${numeral(count * direction)}, ${held})`
  },
  seconds: (start, end) => sql`((unix_millis(${end}) - unix_millis(${start})) DIV 1000)`,
  instant: databricksInstant,
  captures: (text, { pattern, groups }) => {
    // Letters beyond ASCII have two cases with the second flag only.
    const expression = bind(pattern.replace('(?i)', '(?iu)'), 'text')
    const each = groups.map((_, index) => sql`regexp_extract(${text}, ${expression}, ${numeral(index + 1)})`)
    return sql`CASE WHEN ${text} RLIKE ${expression} THEN array(${joinSql(each, ', ')}) END`
  },
  captured: (captures, group) => sql`nullif(${captures}[${numeral(group - 1)}], '')`,
  digits: (text) => sql`try_cast(${text} AS BIGINT)`,
  placeIn: (text, words) => sql`nullif(find_in_set(${text}, ${words}), 0)`,
  padded: (integer, width) => {
    const text = sql`CAST(${integer} AS STRING)`
    return sql`lpad(${text}, greatest(${numeral(width)}, length(${text})), '0')`
  },
  periods: ({ from, kept, first, last, period, start }) => {
    const { unit, count } = lengths[period]
    // A sequence that would go backwards ends the query.
    const all = sql`CASE WHEN ${ref(first)} <= ${ref(last)} THEN sequence(${ref(first)}, ${ref(last)}, INTERVAL ${numeral(count)} ${unit}) END`
    return sql`SELECT ${joinSql([...kept.map(ref), sql`explode(${all}) AS ${ref(start)}`], ', ')} FROM ${from}`
  },
}

/** A cast takes years of more digits, and knows which days and times there are. */
export function databricksInstant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const years = sql`CASE WHEN ${year} BETWEEN 0 AND 9999 THEN ${year} END`
  const list = joinSql([years, month, day, hour, minute, second, millisecond], ', ')
  return sql`try_cast(format_string('%04d-%02d-%02d %02d:%02d:%02d.%03d', ${list}) AS TIMESTAMP)`
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`year(${date})`,
  quarter: (date) => sql`quarter(${date})`,
  month: (date) => sql`month(${date})`,
  day: (date) => sql`day(${date})`,
  week: (date) => sql`(dayofyear(${date}) + 7 - dayofweek(${date})) DIV 7`,
  dayOfWeek: (date) => sql`dayofweek(${date})`,
  dayOfYear: (date) => sql`dayofyear(${date})`,
  isoYear: (date) => sql`extract(YEAROFWEEK FROM ${date})`,
  isoWeek: (date) => sql`weekofyear(${date})`,
  isoDayOfWeek: (date) => sql`weekday(${date}) + 1`,
  hour: (date) => sql`hour(${date})`,
  minute: (date) => sql`minute(${date})`,
  second: (date) => sql`second(${date})`,
  millisecond: (date) => sql`pmod(unix_millis(${date}), 1000)`,
}

const starts: { readonly [P in Exclude<DatePeriod, 'week'>]: Sql } = {
  year: sql`'YEAR'`,
  quarter: sql`'QUARTER'`,
  month: sql`'MONTH'`,
  isoWeek: sql`'WEEK'`,
  day: sql`'DAY'`,
}

const lengths: { readonly [P in DatePeriod]: { readonly unit: Sql; readonly count: number } } = {
  year: { unit: sql`YEAR`, count: 1 },
  quarter: { unit: sql`MONTH`, count: 3 },
  month: { unit: sql`MONTH`, count: 1 },
  week: { unit: sql`DAY`, count: 7 },
  isoWeek: { unit: sql`DAY`, count: 7 },
  day: { unit: sql`DAY`, count: 1 },
}
