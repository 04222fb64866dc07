import type { FormatPiece } from '../dates/format.ts'
import { isOtherSpecifier, numberSpecifiers, type OtherSpecifier } from '../dates/specifiers.ts'
import type { SqlDialect } from './dialect.ts'
import { bind, type Sql, sql } from './fragment.ts'

type Writer = (date: Sql, dialect: SqlDialect) => Sql

const writers: Readonly<Record<OtherSpecifier, Writer>> = {
  y: (date, { dates, operate }) => dates.padded(operate('%', [dates.part(date, 'year'), sql`100`], 'integer'), 2),
  I: hourOfTwelve,
  p: (date, { dates }) => sql`CASE WHEN ${dates.part(date, 'hour')} < 12 THEN 'AM' ELSE 'PM' END`,
  f: (date, { dates }) => dates.padded(sql`(${dates.part(date, 'millisecond')} * 1000)`, 6),
  w: (date, { dates }) => dates.padded(sql`(${dates.part(date, 'dayOfWeek')} - 1)`, 1),
  z: () => sql`'+0000'`,
  Z: () => sql`'UTC'`,
  b: shortMonth,
  h: shortMonth,
  B: wholeMonth,
  a: shortWeekday,
  A: wholeWeekday,
}

/** A date as text, null for null. */
export function writeDateSql(date: Sql, pieces: readonly FormatPiece[], dialect: SqlDialect): Sql {
  const texts = pieces.map((piece) =>
    'text' in piece ? bind(piece.text, 'text') : writtenSql(date, piece.specifier, dialect),
  )
  const [first = bind('', 'text'), ...rest] = texts
  const text = rest.length > 0 ? dialect.text.join(texts, sql`''`) : first
  return sql`CASE WHEN ${date} IS NOT NULL THEN ${text} END`
}

function writtenSql(date: Sql, specifier: string, dialect: SqlDialect): Sql {
  const bare = specifier.replace('-', '')
  if (isOtherSpecifier(bare)) return writers[bare](date, dialect)
  const number = numberSpecifiers.get(bare)
  if (!number) return bind('', 'text')
  const value = dialect.dates.part(date, number.part)
  return bare === specifier ? dialect.dates.padded(value, number.width) : dialect.textOf(value, 'integer')
}

function hourOfTwelve(date: Sql, { dates }: SqlDialect): Sql {
  const hour = dates.part(date, 'hour')
  return dates.padded(sql`(CASE WHEN ${hour} = 0 THEN 12 WHEN ${hour} > 12 THEN ${hour} - 12 ELSE ${hour} END)`, 2)
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
