import { ref } from '../../context.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePeriod } from '../../functions/dates.ts'
import { numeral } from '../numeral.ts'

/** Dates are of the years 1 to 9999. What would leave them is null with `SAFE.`, where it would end the query. */
export const bigqueryDates: DateFunctions = {
  part: (date, part) => parts[part](date),
  startOf: (date, period) => sql`SAFE.DATETIME_TRUNC(${date}, ${units[period]})`,
  shift: (date, period, direction) => {
    const interval = sql`INTERVAL 1 ${added[period]}`
    return direction === 1 ? sql`SAFE.DATETIME_ADD(${date}, ${interval})` : sql`SAFE.DATETIME_SUB(${date}, ${interval})`
  },
  seconds: (start, end) => sql`DIV(DATETIME_DIFF(${end}, ${start}, MILLISECOND), 1000)`,
  instant: bigqueryInstant,
  // An expression with more than one group cannot be extracted. No group of a date has a bar in it.
  captures: (text, { pattern, groups }) => {
    const expression = bind(pattern, 'text')
    return sql`CASE WHEN REGEXP_CONTAINS(${text}, ${expression}) THEN REGEXP_REPLACE(${text}, ${expression}, ${groupList(groups.length)}) END`
  },
  captured: (captures, group) => sql`NULLIF(SPLIT(${captures}, '|')[SAFE_ORDINAL(${numeral(group)})], '')`,
  digits: (text) => sql`SAFE_CAST(${text} AS INT64)`,
  placeIn: (text, words) =>
    sql`(SELECT MIN(place) + 1 FROM UNNEST(SPLIT(${words}, ',')) AS word WITH OFFSET AS place WHERE word = ${text})`,
  padded: (integer, width) => {
    const text = sql`CAST(${integer} AS STRING)`
    return sql`LPAD(${text}, GREATEST(${numeral(width)}, LENGTH(${text})), '0')`
  },
  periods,
}

function groupList(count: number): Sql {
  const numbers = Array.from({ length: count }, (_, index) => `\\\\${index + 1}`)
  return { texts: [`'${numbers.join('|')}'`], values: [] }
}

export function bigqueryInstant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const list = joinSql([year, month, day, hour, minute, second], ', ')
  return sql`DATETIME_ADD(SAFE.DATETIME(${list}), INTERVAL ${millisecond} MILLISECOND)`
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`EXTRACT(YEAR FROM ${date})`,
  quarter: (date) => sql`EXTRACT(QUARTER FROM ${date})`,
  month: (date) => sql`EXTRACT(MONTH FROM ${date})`,
  day: (date) => sql`EXTRACT(DAY FROM ${date})`,
  week: (date) => sql`EXTRACT(WEEK FROM ${date})`,
  dayOfWeek: (date) => sql`EXTRACT(DAYOFWEEK FROM ${date})`,
  dayOfYear: (date) => sql`EXTRACT(DAYOFYEAR FROM ${date})`,
  isoYear: (date) => sql`EXTRACT(ISOYEAR FROM ${date})`,
  isoWeek: (date) => sql`EXTRACT(ISOWEEK FROM ${date})`,
  isoDayOfWeek: (date) => sql`(MOD(EXTRACT(DAYOFWEEK FROM ${date}) + 5, 7) + 1)`,
  hour: (date) => sql`EXTRACT(HOUR FROM ${date})`,
  minute: (date) => sql`EXTRACT(MINUTE FROM ${date})`,
  second: (date) => sql`EXTRACT(SECOND FROM ${date})`,
  millisecond: (date) => sql`EXTRACT(MILLISECOND FROM ${date})`,
}

/** A `WEEK` begins on Sunday. */
const units: { readonly [P in DatePeriod]: Sql } = {
  year: sql`YEAR`,
  quarter: sql`QUARTER`,
  month: sql`MONTH`,
  week: sql`WEEK`,
  isoWeek: sql`ISOWEEK`,
  day: sql`DAY`,
}

/** What an interval takes. */
const added: { readonly [P in DatePeriod]: Sql } = { ...units, isoWeek: sql`WEEK` }

/** In blocks, since an array has no more than a million members. */
function periods({ from, kept, first, last, period, start }: Parameters<DateFunctions['periods']>[0]): Sql {
  const span = sql`DATETIME_DIFF(${ref(last)}, ${ref(first)}, ${units[period]})`
  const blocks = sql`UNNEST(GENERATE_ARRAY(0, DIV(${span}, 1000))) AS block`
  const numbers = sql`UNNEST(GENERATE_ARRAY(block * 1000, LEAST(block * 1000 + 999, ${span}))) AS number`
  const each = sql`DATETIME_ADD(${ref(first)}, INTERVAL number ${added[period]}) AS ${ref(start)}`
  const list = joinSql([...kept.map(ref), each], ', ')
  return sql`SELECT ${list} FROM ${from} CROSS JOIN ${blocks} CROSS JOIN ${numbers}`
}
