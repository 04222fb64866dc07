import { ref } from '../../context.ts'
import { joinSql, type Sql, sql } from '../../fragment.ts'
import type { DateFunctions, DatePart, DateParts, DatePattern } from '../../functions/dates.ts'
import { numeral } from '../numeral.ts'
import { quotedUnits } from '../units.ts'
import { bindLong } from './parameters.ts'

/** Dates are of the years 0 to 9999, which all formats of tables hold. */
export const athenaDates: DateFunctions = {
  part: (date, part) => parts[part](date),
  startOf: (date, period) => {
    const midnight = sql`date_trunc(${quotedUnits[period]}, ${date})`
    // A week of the server begins on Monday.
    return period === 'week' ? sql`date_add('day', -(day_of_week(${date}) % 7), date_trunc('day', ${date}))` : midnight
  },
  shift: (date, period, direction) => {
    const held = sql`CASE WHEN ${date} BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9998-12-31 00:00:00' THEN ${date} END`
    return sql`date_add(${quotedUnits[period]}, ${numeral(direction)}, ${held})`
  },
  seconds: (start, end) => sql`(date_diff('millisecond', ${start}, ${end}) / 1000)`,
  instant: athenaInstant,
  captures: (text, pattern) => {
    const expression = constant(pattern)
    const groups = pattern.groups.map((_, index) => sql`regexp_extract(${text}, ${expression}, ${numeral(index + 1)})`)
    return sql`CASE WHEN regexp_like(${text}, ${expression}) THEN ARRAY[${joinSql(groups, ', ')}] END`
  },
  captured: (captures, group) => sql`nullif(element_at(${captures}, ${numeral(group)}), '')`,
  digits: (text) => sql`TRY_CAST(${text} AS bigint)`,
  placeIn: (text, words) => sql`nullif(array_position(split(${words}, ','), ${text}), 0)`,
  padded: (integer, width) => {
    const text = sql`CAST(${integer} AS varchar)`
    return sql`lpad(${text}, greatest(${numeral(width)}, length(${text})), '0')`
  },
  periods,
}

/** An expression in the text of the query where nothing of it is a person's: most are read many times. */
function constant({ pattern, ours }: DatePattern): Sql {
  return ours ? { texts: [`'${pattern.replaceAll("'", "''")}'`], values: [] } : bindLong(pattern)
}

/** A text of no date is no timestamp. */
export function athenaInstant({ year, month, day, hour, minute, second, millisecond }: DateParts): Sql {
  const years = sql`CASE WHEN ${year} BETWEEN 0 AND 9999 THEN ${year} END`
  const list = joinSql([years, month, day, hour, minute, second, millisecond], ', ')
  return sql`TRY_CAST(format('%04d-%02d-%02d %02d:%02d:%02d.%03d', ${list}) AS timestamp(3))`
}

const parts: { readonly [P in DatePart]: (date: Sql) => Sql } = {
  year: (date) => sql`year(${date})`,
  quarter: (date) => sql`quarter(${date})`,
  month: (date) => sql`month(${date})`,
  day: (date) => sql`day(${date})`,
  week: (date) => sql`((day_of_year(${date}) + 6 - day_of_week(${date}) % 7) / 7)`,
  dayOfWeek: (date) => sql`(day_of_week(${date}) % 7 + 1)`,
  dayOfYear: (date) => sql`day_of_year(${date})`,
  isoYear: (date) => sql`year_of_week(${date})`,
  isoWeek: (date) => sql`week(${date})`,
  isoDayOfWeek: (date) => sql`day_of_week(${date})`,
  hour: (date) => sql`hour(${date})`,
  minute: (date) => sql`minute(${date})`,
  second: (date) => sql`second(${date})`,
  millisecond: (date) => sql`millisecond(${date})`,
}

/** In blocks, since a sequence has no more than 10,000 members. */
function periods({ from, kept, first, last, period, start }: Parameters<DateFunctions['periods']>[0]): Sql {
  const span = sql`date_diff(${quotedUnits[period]}, ${ref(first)}, ${ref(last)})`
  const blocks = sql`UNNEST(sequence(0, ${span} / 1000)) AS blocks (block)`
  const numbers = sql`UNNEST(sequence(block * 1000, least(block * 1000 + 999, ${span}))) AS numbers (number)`
  const each = sql`date_add(${quotedUnits[period]}, number, ${ref(first)}) AS ${ref(start)}`
  const list = joinSql([...kept.map(ref), each], ', ')
  return sql`SELECT ${list} FROM ${from} CROSS JOIN ${blocks} CROSS JOIN ${numbers}`
}
