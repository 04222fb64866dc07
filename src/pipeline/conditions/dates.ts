import type { RelativeDate } from '../condition.ts'

const day = 86_400_000
/** The last instant that a JavaScript date can hold; the first is its negative. Every engine here can hold both. */
const lastInstant = 8.64e15
const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(?:(Z)|([+-])(\d{2})(?::?(\d{2}))?)?)?$/i

/**
 * The instant that an ISO 8601 text names, undefined when it is none: `2022-01-05`, `2022-01-05T10:00`, `2022-01-05 10:00:00.25+02:00`.
 * Without an offset it is UTC. Digits beyond milliseconds are dropped.
 */
export function parseIsoDate(text: string): Date | undefined {
  const match = iso.exec(text)
  if (!match) return undefined
  const part = (index: number): number => Number(match[index] ?? 0)
  const [year, month, date, hour, minute, second] = [part(1), part(2), part(3), part(4), part(5), part(6)]
  const [offsetHour, offsetMinute] = [part(10), part(11)]
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59) return undefined
  const instant = new Date(0)
  instant.setUTCFullYear(year, month - 1, date)
  if (instant.getUTCMonth() !== month - 1 || instant.getUTCDate() !== date) return undefined
  const offset = (match[9] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute)
  instant.setUTCHours(hour, minute - offset, second, Number((match[7] ?? '').slice(0, 3).padEnd(3, '0')))
  return instant
}

export function startOfDay(instant: Date): Date {
  return new Date(Math.max(Math.floor(instant.getTime() / day) * day, -lastInstant))
}

export function startOfNextDay(instant: Date): Date {
  return new Date(Math.min(startOfDay(instant).getTime() + day, lastInstant))
}

/** The instant that a relative date means. What lies outside of what a date can hold becomes the nearest instant inside. */
export function absoluteDate(relative: RelativeDate, now: Date): Date {
  const direction = relative.operator === 'from' || relative.operator === 'after' ? 1 : -1
  const base = relative.date ?? now
  const moved = move(base, relative.duration, direction * Math.abs(relative.quantity))
  return Number.isNaN(moved.getTime()) ? new Date(direction * lastInstant) : moved
}

const months = { month: 1, quarter: 3, year: 12 } as const

function move(base: Date, duration: RelativeDate['duration'], quantity: number): Date {
  if (duration === 'day' || duration === 'week') {
    return new Date(base.getTime() + quantity * (duration === 'week' ? 7 : 1) * day)
  }
  const moved = new Date(base)
  const wanted = base.getUTCDate()
  moved.setUTCDate(1)
  moved.setUTCMonth(moved.getUTCMonth() + quantity * months[duration])
  // The 31st of a shorter month is its last day: the day before the first of the next one.
  const lastDay = new Date(moved)
  lastDay.setUTCMonth(lastDay.getUTCMonth() + 1)
  lastDay.setUTCDate(0)
  moved.setUTCDate(Math.min(wanted, lastDay.getUTCDate()))
  return moved
}
