import { Cron } from 'croner'
import { nearestNames, Problem } from '../../base/index.ts'

/** When a schedule fires. Instants are milliseconds since 1970, on whole minutes of the time zone's clock. */
export interface Timetable {
  /** The first one after an instant; null when there is none any more. */
  next(after: number): number | null
  /** The last ones after `after` and not after `until`, at most `limit` of them, the oldest first. */
  latest(range: { readonly after: number; readonly until: number; readonly limit: number }): number[]
}

/** Area and city, or a name such as `UTC`: offsets such as `+02:00` know nothing of summer time. */
const zoneName = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/

/**
 * Reads a pattern of five fields in a time zone. Where the clocks of the zone go forward, a time of day that is left out fires right
 * after the gap; where they go back, a time of day that comes twice fires the first time only. Patterns with `*` or a step in
 * their minutes or hours go by real time instead: they fire in both hours, and not in the gap.
 * Errors: `invalid_request`, also for a pattern that never fires.
 */
export function readTimetable(cron: string, timezone: string): Timetable {
  checkTimezone(timezone)
  const pattern = parse(cron, timezone)
  return {
    next: (after) => pattern.nextRun(new Date(after))?.getTime() ?? null,
    latest({ after, until, limit }) {
      // The library leaves out a run at the very millisecond that it is asked about.
      const runs = pattern.previousRuns(limit, new Date(until + 1)).map((run) => run.getTime())
      return runs.filter((run) => run > after).reverse()
    },
  }
}

/** As `readTimetable`, for what a person sends: refuses what never fires after `now`. Answers the first time that it does. */
export function checkTimetable(cron: string, timezone: string, now: number): number {
  const first = readTimetable(cron, timezone).next(now)
  if (first === null) throw invalid('/cron', `The pattern "${cron}" never fires.`)
  return first
}

function parse(cron: string, timezone: string): Cron {
  try {
    return new Cron(cron, { timezone, mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)
    throw invalid('/cron', `"${cron}" is no pattern of minute, hour, day, month and weekday: ${reason}`)
  }
}

function checkTimezone(timezone: string): void {
  try {
    if (zoneName.test(timezone) && new Intl.DateTimeFormat('en', { timeZone: timezone })) return
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  const nearest = nearestNames(timezone, Intl.supportedValuesOf('timeZone'))
  throw invalid('/timezone', `There is no time zone "${timezone}".`, nearest)
}

function invalid(path: string, message: string, nearest?: readonly string[]): Problem {
  return new Problem('invalid_request', message, { errors: [{ path, message, ...(nearest && { nearest }) }] })
}
