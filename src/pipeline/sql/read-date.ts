import { monthWords } from '../dates/month-words.ts'
import type { DateGroup, DateReading } from '../dates/reading.ts'
import { ref, type SqlContext } from './context.ts'
import type { SqlDialect } from './dialect.ts'
import { bind, joinSql, type Sql, sql } from './fragment.ts'

/** Texts to read: any expression over the columns of `from`, of which `carried` are still wanted. */
export interface TextsToRead {
  readonly text: Sql
  readonly carried: Sql
  readonly from: Sql
}

/**
 * What to select the carried columns from, with an expression for the instant that each text says in the first of these ways that gives
 * one; null when none does.
 */
export function readDates(
  { text, carried, from }: TextsToRead,
  readings: readonly DateReading[],
  context: SqlContext,
): { readonly from: Sql; readonly date: Sql } {
  const { dialect } = context
  const trimmed = ref(context.fresh({ name: '', type: 'text' }))
  const texts = context.cte(sql`SELECT ${carried}, ${dialect.text.trim(text)} AS ${trimmed} FROM ${from}`)
  const tried = readings.map((reading) => {
    const captures = ref(context.fresh({ name: '', type: 'text' }))
    const value = dialect.dates.captures(trimmed, reading)
    return { captures, value: sql`${value} AS ${captures}`, instant: instantSql(captures, reading, dialect) }
  })
  const values = joinSql([carried, ...tried.map(({ value }) => value)], ', ')
  const instants = joinSql(
    tried.map(({ instant }) => instant),
    ', ',
  )
  return { from: context.cte(sql`SELECT ${values} FROM ${texts}`), date: sql`coalesce(${instants})` }
}

/** Parts that the reading does not know are those of 1 January 1900 at midnight, as strptime has it. */
function instantSql(captures: Sql, { groups, optional }: DateReading, dialect: SqlDialect): Sql {
  const captured = (name: DateGroup): Sql | undefined => {
    const group = groups.indexOf(name) + 1
    return group === 0 ? undefined : dialect.dates.captured(captures, group)
  }
  const digits = (name: DateGroup, otherwise: Sql = sql`0`): Sql => {
    const found = captured(name)
    if (!found) return otherwise
    const number = dialect.dates.digits(found)
    return optional.has(name) ? sql`coalesce(${number}, ${otherwise})` : number
  }
  const fraction = captured('fraction')
  const instant = dialect.dates.instant({
    year: yearSql(digits, groups),
    ...monthAndDay(digits, captured('monthName'), dialect),
    hour: hourSql(digits('hour'), captured('half')),
    minute: digits('minute'),
    second: digits('second'),
    millisecond: fraction ? sql`coalesce(${dialect.dates.digits(firstThree(fraction, dialect))}, 0)` : sql`0`,
  })
  const offset = captured('offset')
  return offset ? inUtc(instant, offset, dialect) : instant
}

type Digits = (name: DateGroup, otherwise?: Sql) => Sql

/** Years of two digits are those from 1969 to 2068, as strptime has it. */
function yearSql(digits: Digits, groups: readonly DateGroup[]): Sql {
  const short = groups.find((name) => name === 'shortYear' || name === 'anyYear')
  if (!short) return digits('year', sql`1900`)
  const year = digits(short)
  return sql`(${year} + CASE WHEN ${year} < 69 THEN 2000 WHEN ${year} < 100 THEN 1900 ELSE 0 END)`
}

function monthAndDay(digits: Digits, monthName: Sql | undefined, dialect: SqlDialect): { month: Sql; day: Sql } {
  const day = digits('day', digits('daySecond', sql`1`))
  if (monthName) {
    // The place of a name among all names, which are in rows of twelve.
    const place = dialect.dates.placeIn(dialect.text.lower(monthName), bind(monthWords, 'text'))
    return { month: sql`((${place} - 1) % 12 + 1)`, day }
  }
  const first = digits('monthFirst', sql``)
  if (first.texts.join('') === '') return { month: digits('month', sql`1`), day }
  return {
    month: sql`CASE WHEN ${first} > 12 THEN ${day} ELSE ${first} END`,
    day: sql`CASE WHEN ${first} > 12 THEN ${first} ELSE ${day} END`,
  }
}

function hourSql(hour: Sql, half: Sql | undefined): Sql {
  if (!half) return hour
  const afternoon = sql`${half} IN ('p', 'P') AND ${hour} < 12 THEN ${hour} + 12`
  return sql`CASE WHEN ${afternoon} WHEN ${half} IN ('a', 'A') AND ${hour} = 12 THEN 0 ELSE ${hour} END`
}

function firstThree(fraction: Sql, dialect: SqlDialect): Sql {
  return sql`substr(${dialect.operate('+', [fraction, sql`'00'`], 'text')}, 1, 3)`
}

/** An instant by the clock of a place that is ahead of UTC by an offset, or behind it. */
function inUtc(local: Sql, offset: Sql, { dates, text }: SqlDialect): Sql {
  const digits = text.replaceAll(offset, sql`':'`, sql`''`)
  const minutes = sql`(${dates.digits(sql`substr(${digits}, 2, 2)`)} * 60 + coalesce(${dates.digits(sql`substr(${digits}, 4, 2)`)}, 0))`
  const ahead = sql`CASE WHEN substr(${offset}, 1, 1) = '-' THEN -60000 ELSE 60000 END * ${minutes}`
  const instant = sql`(${text.convert(local, 'date', 'integer')} - coalesce(${ahead}, 0))`
  return text.convert(instant, 'integer', 'date')
}
