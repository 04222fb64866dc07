import type { FormatPiece } from '../dates/format.ts'
import type { SqlDialect } from './dialect.ts'
import { bind, type Sql, sql } from './fragment.ts'
import type { DatePart } from './functions/dates.ts'

/** Specifiers that write a number, with the digits that it has at least. */
const numbers: ReadonlyMap<string, { readonly part: DatePart; readonly width: number }> = new Map([
  ['Y', { part: 'year', width: 4 }],
  ['m', { part: 'month', width: 2 }],
  ['d', { part: 'day', width: 2 }],
  ['H', { part: 'hour', width: 2 }],
  ['M', { part: 'minute', width: 2 }],
  ['S', { part: 'second', width: 2 }],
  ['L', { part: 'millisecond', width: 3 }],
  ['j', { part: 'dayOfYear', width: 3 }],
  ['U', { part: 'week', width: 2 }],
  ['V', { part: 'isoWeek', width: 2 }],
  ['G', { part: 'isoYear', width: 4 }],
  ['u', { part: 'isoDayOfWeek', width: 1 }],
])

type Writer = (date: Sql, dialect: SqlDialect) => Sql

/** The others, names in English whatever the language of the database. */
const writers: ReadonlyMap<string, Writer> = new Map<string, Writer>([
  ['y', (date, { dates }) => dates.padded(sql`(${dates.part(date, 'year')} % 100)`, 2)],
  ['I', (date, { dates }) => dates.padded(sql`((${dates.part(date, 'hour')} + 11) % 12 + 1)`, 2)],
  ['p', (date, { dates }) => sql`CASE WHEN ${dates.part(date, 'hour')} < 12 THEN 'AM' ELSE 'PM' END`],
  ['f', (date, { dates }) => dates.padded(sql`(${dates.part(date, 'millisecond')} * 1000)`, 6)],
  ['w', (date, { dates }) => dates.padded(sql`(${dates.part(date, 'dayOfWeek')} - 1)`, 1)],
  ['z', () => sql`'+0000'`],
  ['Z', () => sql`'UTC'`],
  ['b', shortMonth],
  ['h', shortMonth],
  ['B', wholeMonth],
  ['a', shortWeekday],
  ['A', wholeWeekday],
])

/** What `fromdate` can write, in the letters of strftime; `%-d` is a number without zeros before it, `%L` the milliseconds. */
export const writtenSpecifiers: ReadonlySet<string> = new Set([
  ...[...numbers.keys()].flatMap((specifier) => [specifier, `-${specifier}`]),
  ...writers.keys(),
])

/** A date as text, null for null. */
export function writeDateSql(date: Sql, pieces: readonly FormatPiece[], dialect: SqlDialect): Sql {
  const texts = pieces.map((piece) =>
    'text' in piece ? bind(piece.text, 'text') : writtenSql(date, piece.specifier, dialect),
  )
  const [first = bind('', 'text'), ...rest] = texts
  const text = rest.reduce((all, next) => dialect.operate('+', [all, next], 'text'), first)
  return sql`CASE WHEN ${date} IS NOT NULL THEN ${text} END`
}

function writtenSql(date: Sql, specifier: string, dialect: SqlDialect): Sql {
  const bare = specifier.replace('-', '')
  const number = numbers.get(bare)
  if (!number) return writers.get(bare)?.(date, dialect) ?? bind('', 'text')
  const value = dialect.dates.part(date, number.part)
  return bare === specifier ? dialect.dates.padded(value, number.width) : dialect.textOf(value, 'integer')
}

function shortMonth(date: Sql, { dates }: SqlDialect): Sql {
  return sql`CASE ${dates.part(date, 'month')} WHEN 1 THEN 'Jan' WHEN 2 THEN 'Feb' WHEN 3 THEN 'Mar' WHEN 4 THEN 'Apr' WHEN 5 THEN 'May' WHEN 6 THEN 'Jun' WHEN 7 THEN 'Jul' WHEN 8 THEN 'Aug' WHEN 9 THEN 'Sep' WHEN 10 THEN 'Oct' WHEN 11 THEN 'Nov' WHEN 12 THEN 'Dec' END`
}

function wholeMonth(date: Sql, { dates }: SqlDialect): Sql {
  return sql`CASE ${dates.part(date, 'month')} WHEN 1 THEN 'January' WHEN 2 THEN 'February' WHEN 3 THEN 'March' WHEN 4 THEN 'April' WHEN 5 THEN 'May' WHEN 6 THEN 'June' WHEN 7 THEN 'July' WHEN 8 THEN 'August' WHEN 9 THEN 'September' WHEN 10 THEN 'October' WHEN 11 THEN 'November' WHEN 12 THEN 'December' END`
}

function shortWeekday(date: Sql, { dates }: SqlDialect): Sql {
  return sql`CASE ${dates.part(date, 'dayOfWeek')} WHEN 1 THEN 'Sun' WHEN 2 THEN 'Mon' WHEN 3 THEN 'Tue' WHEN 4 THEN 'Wed' WHEN 5 THEN 'Thu' WHEN 6 THEN 'Fri' WHEN 7 THEN 'Sat' END`
}

function wholeWeekday(date: Sql, { dates }: SqlDialect): Sql {
  return sql`CASE ${dates.part(date, 'dayOfWeek')} WHEN 1 THEN 'Sunday' WHEN 2 THEN 'Monday' WHEN 3 THEN 'Tuesday' WHEN 4 THEN 'Wednesday' WHEN 5 THEN 'Thursday' WHEN 6 THEN 'Friday' WHEN 7 THEN 'Saturday' END`
}
