import { ref } from '../../context.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DatePeriod } from '../../functions/dates.ts'

/**
 * Dates of DuckDB are timestamps without a time zone, which reach further than the dates of JavaScript, so that what is computed from
 * one of those is always one. A source may hold others, infinite ones too: they count as null where they would overflow.
 */
export const duckdbDates: DateFunctions = {
  part: (date, part) => parts[part](date),
  startOf: (date, period) => {
    const held = sql`CASE WHEN ${date} BETWEEN TIMESTAMP '271822-04-20 (BC)' AND TIMESTAMP '275760-09-13' THEN ${date} END`
    // `week` of DuckDB begins on Monday.
    if (period === 'week') return sql`(date_trunc('day', ${held}) - to_days(CAST(dayofweek(${date}) AS INTEGER)))`
    return starts[period](held)
  },
  shift: (date, period, direction) => {
    const held = sql`CASE WHEN ${date} BETWEEN TIMESTAMP '271821-04-20 (BC)' AND TIMESTAMP '275759-09-13' THEN ${date} END`
    return direction === 1 ? sql`(${held} + ${intervals[period]})` : sql`(${held} - ${intervals[period]})`
  },
  seconds: (start, end) => sql`CAST(trunc((epoch_ms(${end}) - epoch_ms(${start})) / 1000) AS BIGINT)`,
  instant: ({ year, month, day, hour, minute, second, millisecond }) => {
    // A cast would take 24:00 for the next midnight.
    const hours = sql`CASE WHEN ${hour} < 24 THEN ${hour} END`
    const years = sql`CASE WHEN ${year} BETWEEN 0 AND 9999 THEN ${year} END`
    const list = joinSql([years, month, day, hours, minute, second, millisecond], ', ')
    return sql`TRY_CAST(format('{:04d}-{:02d}-{:02d} {:02d}:{:02d}:{:02d}.{:03d}', ${list}) AS TIMESTAMP)`
  },
  captures: (text, { pattern, groups, ours }) => {
    const numbers = groups.map((_, index) => String(index + 1))
    if (ours) {
      const names = numbers.map((number) => constant(`'${number}'`))
      const expression = constant(`'${pattern.replaceAll("'", "''")}'`)
      // Most texts fit one of several expressions, and to find out that one does not fit is fast this way only.
      return sql`CASE WHEN regexp_matches(${text}, ${expression}) THEN regexp_extract(${text}, ${expression}, [${joinSql(names, ', ')}]) END`
    }
    // DuckDB builds the automaton of an expression that is bound anew for every row, and wants constants to make a struct of it.
    const members = numbers.map((number) => {
      const group = sql`regexp_extract(${text}, ${bind(pattern, 'text')}, ${constant(number)})`
      return sql`${constant(`"${number}"`)} := ${group}`
    })
    return sql`struct_pack(${joinSql(members, ', ')})`
  },
  captured: (captures, group) => sql`nullif(struct_extract(${captures}, ${constant(`'${group}'`)}), '')`,
  digits: (text) => sql`TRY_CAST(${text} AS BIGINT)`,
  placeIn: (text, words) => sql`nullif(list_position(string_split(${words}, ','), ${text}), 0)`,
  padded: (integer, width) => sql`format(${constant(`'{:0${Math.trunc(width)}d}'`)}, ${integer})`,
  periods: ({ from, kept, first, last, period, start }) => {
    const each = sql`unnest(generate_series(${ref(first)}, ${ref(last)}, ${intervals[period]})) AS ${ref(start)}`
    return sql`SELECT ${joinSql([...kept.map(ref), each], ', ')} FROM ${from}`
  },
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`year(${date})`,
  quarter: (date) => sql`quarter(${date})`,
  month: (date) => sql`month(${date})`,
  day: (date) => sql`day(${date})`,
  week: (date) => sql`((dayofyear(${date}) + 6 - dayofweek(${date})) // 7)`,
  dayOfWeek: (date) => sql`(dayofweek(${date}) + 1)`,
  dayOfYear: (date) => sql`dayofyear(${date})`,
  isoYear: (date) => sql`isoyear(${date})`,
  isoWeek: (date) => sql`week(${date})`,
  isoDayOfWeek: (date) => sql`isodow(${date})`,
  hour: (date) => sql`hour(${date})`,
  minute: (date) => sql`minute(${date})`,
  second: (date) => sql`second(${date})`,
  // `millisecond` of DuckDB counts the seconds too.
  millisecond: (date) => sql`(millisecond(${date}) % 1000)`,
}

const starts: { readonly [P in Exclude<DatePeriod, 'week'>]: (date: Sql) => Sql } = {
  year: (date) => sql`date_trunc('year', ${date})`,
  quarter: (date) => sql`date_trunc('quarter', ${date})`,
  month: (date) => sql`date_trunc('month', ${date})`,
  isoWeek: (date) => sql`date_trunc('week', ${date})`,
  day: (date) => sql`date_trunc('day', ${date})`,
}

const intervals: { readonly [P in DatePeriod]: Sql } = {
  year: sql`INTERVAL 1 YEAR`,
  quarter: sql`INTERVAL 3 MONTH`,
  month: sql`INTERVAL 1 MONTH`,
  week: sql`INTERVAL 7 DAY`,
  isoWeek: sql`INTERVAL 7 DAY`,
  day: sql`INTERVAL 1 DAY`,
}

/** What this room wrote, where DuckDB wants a constant. */
function constant(text: string): Sql {
  return { texts: [text], values: [] }
}
