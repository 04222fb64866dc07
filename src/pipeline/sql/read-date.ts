import { monthWords } from '../dates/month-words.ts'
import type { DateGroup, DateReading } from '../dates/reading.ts'
import type { SqlDialect } from './dialect.ts'
import { bind, joinSql, type Sql, sql } from './fragment.ts'

/** The instant that a text says in the first of these ways that fits it; null when none does, or when there is no such date. */
export function readDateSql(text: Sql, readings: readonly DateReading[], dialect: SqlDialect): Sql {
  const cases = readings.map((reading) => {
    const fits = dialect.search(text, reading.pattern)
    return sql`WHEN ${fits} THEN ${instantSql(text, reading, dialect)}`
  })
  return sql`CASE ${joinSql(cases, ' ')} END`
}

/** Parts that a text does not say are those of 1 January 1900 at midnight, as strptime has it. */
function instantSql(text: Sql, { pattern, groups }: DateReading, dialect: SqlDialect): Sql {
  const captured = (name: DateGroup): Sql | undefined => {
    const group = groups.indexOf(name) + 1
    return group === 0 ? undefined : dialect.dates.captured(text, bind(pattern, 'text'), group)
  }
  const digits = (name: DateGroup): Sql | undefined => {
    const found = captured(name)
    return found && dialect.dates.digits(found)
  }
  const orZero = (found: Sql | undefined): Sql => (found ? sql`coalesce(${found}, 0)` : sql`0`)
  const monthName = captured('monthName')
  const fraction = captured('fraction')
  const instant = dialect.dates.instant({
    year: yearSql(digits('year'), digits('shortYear') ?? digits('anyYear')),
    month: monthName ? monthNumber(dialect.text.lower(monthName), dialect) : (digits('month') ?? sql`1`),
    day: digits('day') ?? sql`1`,
    hour: hourSql(orZero(digits('hour')), captured('half')),
    minute: orZero(digits('minute')),
    second: orZero(digits('second')),
    millisecond: fraction ? orZero(dialect.dates.digits(firstThree(fraction, dialect))) : sql`0`,
  })
  const offset = captured('offset')
  return offset ? inUtc(instant, offset, dialect) : instant
}

/** Years below 100 are those from 1969 to 2068 where they may have two digits, as strptime has it. */
function yearSql(full: Sql | undefined, short: Sql | undefined): Sql {
  if (!short) return full ?? sql`1900`
  return sql`(${short} + CASE WHEN ${short} < 69 THEN 2000 WHEN ${short} < 100 THEN 1900 ELSE 0 END)`
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

/** The number of a month by its name in small letters, null for any other text. */
function monthNumber(name: Sql, dialect: SqlDialect): Sql {
  return sql`((${dialect.dates.placeIn(name, bind(monthWords, 'text'))} - 1) % 12 + 1)`
}
