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
 * What to select the carried columns from, with an expression for the instant that each text says in one of these ways, of which no
 * two fit the same text; null when none does.
 */
export function readDates(
  { text, carried, from }: TextsToRead,
  readings: readonly DateReading[],
  context: SqlContext,
): { readonly from: Sql; readonly date: Sql } {
  const { dialect } = context
  const trimmed = ref(context.fresh({ name: '', type: 'text' }))
  const texts = context.computed(sql`SELECT ${carried}, ${dialect.text.trim(text)} AS ${trimmed} FROM ${from}`)
  const tried = readings.map((reading) => ({ reading, captures: ref(context.fresh({ name: '', type: 'text' })) }))
  const values = tried.map(({ reading, captures }) => sql`${dialect.dates.captures(trimmed, reading)} AS ${captures}`)
  const list = joinSql([carried, ...values], ', ')
  return { from: context.computed(sql`SELECT ${list} FROM ${texts}`), date: instantSql(tried, dialect) }
}

interface Tried {
  readonly reading: DateReading
  /** The column of what its groups matched, null when the text is not of its kind. */
  readonly captures: Sql
}

/** Parts that no reading knows are those of 1 January 1900 at midnight, as strptime has it. */
function instantSql(tried: readonly Tried[], dialect: SqlDialect): Sql {
  const captured = (name: DateGroup): Sql | undefined => {
    const [first, ...others] = tried.flatMap(({ reading, captures }) => {
      const group = reading.groups.indexOf(name) + 1
      return group === 0 ? [] : [dialect.dates.captured(captures, group)]
    })
    return first && others.length > 0 ? sql`coalesce(${joinSql([first, ...others], ', ')})` : first
  }
  const isCertain = (name: DateGroup): boolean =>
    tried.every(({ reading }) => reading.groups.includes(name) && !reading.optional.has(name))
  const number = (name: DateGroup): Sql | undefined => {
    const text = captured(name)
    return text && dialect.dates.digits(text)
  }
  const numberOr = (name: DateGroup, otherwise: Sql): Sql => {
    const found = number(name)
    if (!found) return otherwise
    return isCertain(name) ? found : sql`coalesce(${found}, ${otherwise})`
  }
  const named = captured('monthName')
  const [first, second] = [number('monthFirst'), number('daySecond')]
  const either = first && second && { first, second }
  const month = numberOr('month', either ? monthOf(either) : sql`1`)
  const instant = dialect.dates.instant({
    year: yearSql(number('year'), number('shortYear') ?? number('anyYear')),
    month: named ? monthNamed(named, isCertain('monthName') ? undefined : month, dialect) : month,
    day: numberOr('day', either ? dayOf(either) : sql`1`),
    hour: hourSql(numberOr('hour', sql`0`), captured('half')),
    minute: numberOr('minute', sql`0`),
    second: numberOr('second', sql`0`),
    millisecond: millisecondSql(captured('fraction'), isCertain('fraction'), dialect),
  })
  const offset = captured('offset')
  return offset ? inUtc(instant, offset, dialect) : instant
}

/** Years of two digits are those from 1969 to 2068, as strptime has it. There is no year 0. */
function yearSql(full: Sql | undefined, short: Sql | undefined): Sql {
  if (!short) return full ? sql`nullif(${full}, 0)` : sql`1900`
  const year = sql`(${short} + CASE WHEN ${short} < 69 THEN 2000 WHEN ${short} < 100 THEN 1900 ELSE 0 END)`
  return full ? sql`coalesce(nullif(${full}, 0), ${year})` : year
}

/** Two numbers of which the first is the month, unless it is none; without them, in a text of another kind, 1. */
interface Either {
  readonly first: Sql
  readonly second: Sql
}

function monthOf({ first, second }: Either): Sql {
  return sql`CASE WHEN ${first} > 12 THEN ${second} ELSE coalesce(${first}, 1) END`
}

function dayOf({ first, second }: Either): Sql {
  return sql`CASE WHEN ${first} > 12 THEN ${first} ELSE coalesce(${second}, 1) END`
}

/** A month by its name, null for a name that is none; in texts without a name, if there are such, by its number. */
function monthNamed(name: Sql, number: Sql | undefined, dialect: SqlDialect): Sql {
  // The place of a name among all names, which are in rows of twelve.
  const place = dialect.dates.placeIn(dialect.text.lower(name), bind(monthWords, 'text'))
  const month = sql`(${dialect.operate('%', [sql`(${place} - 1)`, sql`12`], 'integer')} + 1)`
  return number ? sql`CASE WHEN ${name} IS NOT NULL THEN ${month} ELSE ${number} END` : month
}

function hourSql(hour: Sql, half: Sql | undefined): Sql {
  if (!half) return hour
  const afternoon = sql`${half} IN ('p', 'P') AND ${hour} < 12 THEN ${hour} + 12`
  return sql`CASE WHEN ${afternoon} WHEN ${half} IN ('a', 'A') AND ${hour} = 12 THEN 0 ELSE ${hour} END`
}

function millisecondSql(fraction: Sql | undefined, isCertain: boolean, dialect: SqlDialect): Sql {
  if (!fraction) return sql`0`
  const three = sql`substr(${dialect.operate('+', [fraction, sql`'00'`], 'text')}, 1, 3)`
  const number = dialect.dates.digits(three)
  return isCertain ? number : sql`coalesce(${number}, 0)`
}

/** An instant by the clock of a place that is ahead of UTC by an offset, or behind it. */
function inUtc(local: Sql, offset: Sql, { dates, text }: SqlDialect): Sql {
  const digits = text.replaceAll(offset, sql`':'`, sql`''`)
  const minutes = sql`(${dates.digits(sql`substr(${digits}, 2, 2)`)} * 60 + coalesce(${dates.digits(sql`substr(${digits}, 4, 2)`)}, 0))`
  const ahead = sql`CASE WHEN substr(${offset}, 1, 1) = '-' THEN -60000 ELSE 60000 END * ${minutes}`
  const instant = sql`(${text.convert(local, 'date', 'integer')} - coalesce(${ahead}, 0))`
  return text.convert(instant, 'integer', 'date')
}
