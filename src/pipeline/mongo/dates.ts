import type { DatePart, DatePeriod } from '../sql/functions/dates.ts'
import { bound, call, choose, type Expression, isNull, literal, nothing, variable } from './expression.ts'

/** Integers that make an instant. Any of them may be null. */
export type MongoDateParts = {
  readonly [P in 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'millisecond']: Expression
}

const day = 86_400_000

/** A number of a date, as `DatePart` says it; null for null. */
export function datePart(date: Expression, part: DatePart): Expression {
  const d = variable('d0')
  return bound({ d0: date }, choose(isNull(d), nothing, parts[part](d)))
}

/** The midnight that the period of a date begins with; null for null. */
export function startOf(date: Expression, period: DatePeriod): Expression {
  if (period === 'day') return call('$dateTrunc', { date, unit: literal('day', 'text') })
  if (isWeek(period)) {
    const startOfWeek = literal(period === 'isoWeek' ? 'monday' : 'sunday', 'text')
    return call('$dateTrunc', { date, unit: literal('week', 'text'), startOfWeek })
  }
  const d = variable('d0')
  const months = times(quotient(monthOf(d), lengths[period]), lengths[period])
  return bound({ d0: date }, choose(isNull(d), nothing, monthStart(months)))
}

/**
 * The date one period later (1) or earlier (-1) at the same time of the day; a day that the month lacks becomes its last day. Null for
 * null, and within a year of the ends of what a date can hold.
 */
export function shifted(date: Expression, period: DatePeriod, direction: 1 | -1): Expression {
  const d = variable('d0')
  const later = inDays(period) ? daysLater : monthsLater
  const moved = later(d, direction * lengths[period])
  const isHeld = call('$and', [
    call('$gte', [d, literal(new Date(-lastShifted), 'date')]),
    call('$lte', [d, literal(new Date(lastShifted), 'date')]),
  ])
  return bound({ d0: date }, choose(isHeld, moved, nothing))
}

/** The instant with these parts, null when there is none, such as on 30 February, at 24:00, or in a year that is not from 0 to 9999. */
export function instantOf(given: MongoDateParts): Expression {
  const [year, month, dayOfMonth] = [variable('a0'), variable('b0'), variable('c0')]
  const [hour, minute, second, millisecond] = [variable('h0'), variable('m0'), variable('s0'), variable('f0')]
  const exists = call('$and', [
    ...within(year, 0, 9999),
    ...within(month, 1, 12),
    ...within(dayOfMonth, 1, 31),
    ...within(hour, 0, 23),
    ...within(minute, 0, 59),
    ...within(second, 0, 59),
  ])
  const months = monthNumber(year, month)
  const seconds = call('$add', [times(minus(dayOfMonth, 1), 86_400), times(hour, 3600), times(minute, 60), second])
  const instant = call('$add', [monthStart(months), times(seconds, 1000), millisecond])
  const next = monthStart(call('$add', [months, integer(1)]))
  const i = variable('i0')
  return bound(
    {
      a0: given.year,
      b0: given.month,
      c0: given.day,
      h0: given.hour,
      m0: given.minute,
      s0: given.second,
      f0: given.millisecond,
    },
    choose(exists, bound({ i0: instant }, choose(call('$lt', [i, next]), i, nothing)), nothing),
  )
}

/** The seconds from one date to another, without their fraction. */
export function secondsBetween(start: Expression, end: Expression): Expression {
  const seconds = call('$divide', [call('$subtract', [end, start]), integer(1000)])
  return call('$trunc', [seconds, integer(0)])
}

/** An instant, null or not, by the clock of a place that is ahead of UTC by an offset, or behind it. */
export function inUtc(local: Expression, offset: Expression): Expression {
  const colon = { input: offset, find: literal(':', 'text'), replacement: literal('', 'text') }
  const digits = call('$concat', [call('$replaceAll', colon), literal('00', 'text')])
  const [hours, minutes] = [call('$toInt', slice(digits, 1, 2)), call('$toInt', slice(digits, 3, 2))]
  const ahead = call('$add', [call('$multiply', [hours, integer(60)]), minutes])
  const isBehind = call('$eq', [slice(offset, 0, 1), literal('-', 'text')])
  const milliseconds = call('$multiply', [ahead, choose(isBehind, integer(-60_000), integer(60_000))])
  return choose(isNull(offset), local, call('$subtract', [local, milliseconds]))
}

/** The start of a period, so many periods after the one that starts at `start`. */
export function periodsLater(start: Expression, period: DatePeriod, count: Expression): Expression {
  if (inDays(period)) return call('$add', [start, times(count, lengths[period] * day)])
  return monthStart(call('$add', [monthOf(start), times(count, lengths[period])]))
}

/** How many periods the start of one is after the start of another. */
export function periodsBetween(start: Expression, end: Expression, period: DatePeriod): Expression {
  const byDays = inDays(period)
  const distance = byDays ? call('$subtract', [end, start]) : call('$subtract', [monthOf(end), monthOf(start)])
  return call('$toInt', call('$divide', [distance, integer(byDays ? lengths[period] * day : lengths[period])]))
}

/** Days, or months. */
const lengths = { year: 12, quarter: 3, month: 1, week: 7, isoWeek: 7, day: 1 } as const

/** A year before the last date that drivers can hold. */
const lastShifted = 8.64e15 - 366 * day

const parts: { readonly [P in DatePart]: (date: Expression) => Expression } = {
  year: (date) => call('$year', date),
  quarter: (date) => call('$toInt', quotient(call('$add', [call('$month', date), integer(2)]), 3)),
  month: (date) => call('$month', date),
  day: (date) => call('$dayOfMonth', date),
  // Weeks from Sunday: some read `$week` otherwise.
  week: (date) => {
    const daysBefore = call('$subtract', [call('$dayOfYear', date), call('$dayOfWeek', date)])
    return call('$toInt', quotient(call('$add', [daysBefore, integer(7)]), 7))
  },
  dayOfWeek: (date) => call('$dayOfWeek', date),
  dayOfYear: (date) => call('$dayOfYear', date),
  // An ISO week is in the year that its Thursday is in.
  isoYear: (date) => call('$year', daysLater(date, call('$subtract', [integer(4), call('$isoDayOfWeek', date)]))),
  isoWeek: (date) => call('$isoWeek', date),
  isoDayOfWeek: (date) => call('$isoDayOfWeek', date),
  hour: (date) => call('$hour', date),
  minute: (date) => call('$minute', date),
  second: (date) => call('$second', date),
  millisecond: (date) => call('$millisecond', date),
}

function isWeek(period: DatePeriod): period is 'week' | 'isoWeek' {
  return period === 'week' || period === 'isoWeek'
}

function inDays(period: DatePeriod): boolean {
  return period === 'day' || isWeek(period)
}

function daysLater(date: Expression, days: number | Expression): Expression {
  return call('$add', [date, typeof days === 'number' ? integer(days * day) : times(days, day)])
}

function monthsLater(date: Expression, months: number): Expression {
  const m = variable('m0')
  const [target, next] = [monthStart(m), monthStart(call('$add', [m, integer(1)]))]
  const intoMonth = call('$subtract', [date, startOf(date, 'month')])
  const intoDay = call('$subtract', [date, startOf(date, 'day')])
  const intoLastDay = call('$add', [call('$subtract', [next, target]), integer(-day), intoDay])
  const later = call('$add', [target, call('$min', [intoMonth, intoLastDay])])
  return bound({ m0: call('$add', [monthOf(date), integer(months)]) }, later)
}

/** Months since January of the year 0. */
function monthOf(date: Expression): Expression {
  return monthNumber(call('$year', date), call('$month', date))
}

function monthNumber(year: Expression, month: Expression): Expression {
  return call('$add', [times(year, 12), minus(month, 1)])
}

/** Days from 1 March of the year 0 to 1970. */
const daysBefore1970 = 719_468

/**
 * The first day of a month, by its number. Reckoned with, because `$dateAdd` and `$dateTrunc` are not alike everywhere before 2000: in
 * years from March, of which the leap day is the last, 153 days are always five months.
 */
function monthStart(months: Expression): Expression {
  const [m, y] = [variable('n0'), variable('y0')]
  const yearsOf = (years: number): Expression => quotient(y, years)
  const daysOfYears = call('$subtract', [call('$add', [times(y, 365), yearsOf(4), yearsOf(400)]), yearsOf(100)])
  const month = call('$subtract', [m, times(y, 12)])
  const daysOfMonths = quotient(call('$add', [times(month, 153), integer(2)]), 5)
  const days = call('$add', [daysOfYears, daysOfMonths, integer(-daysBefore1970)])
  const start = call('$add', [literal(new Date(0), 'date'), times(days, day)])
  return bound({ n0: minus(months, 2) }, bound({ y0: quotient(m, 12) }, start))
}

/** The whole part of a division, downwards. */
function quotient(value: Expression, by: number): Expression {
  return call('$floor', call('$divide', [value, integer(by)]))
}

function within(value: Expression, least: number, most: number): Expression[] {
  // Null is less than everything.
  return [call('$gte', [value, integer(least)]), call('$lte', [value, integer(most)])]
}

function times(value: Expression, by: number): Expression {
  return call('$multiply', [value, integer(by)])
}

function minus(value: Expression, by: number): Expression {
  return call('$subtract', [value, integer(by)])
}

function integer(value: number): Expression {
  return literal(value, 'integer')
}

function slice(text: Expression, from: number, count: number): Expression {
  return call('$substrCP', [text, integer(from), integer(count)])
}
