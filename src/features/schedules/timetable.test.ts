import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { problemOf } from '../../../test/builders/problem-of.ts'
import { checkTimetable, readTimetable } from './timetable.ts'

const at = (text: string) => Date.parse(text)
const refusal = (read: () => unknown) => problemOf((async () => read())())
const iso = (instants: readonly number[]) => instants.map((instant) => new Date(instant).toISOString().slice(0, 16))

/** The fires of a pattern between two instants, one after the other. */
function fires(cron: string, timezone: string, [from, to]: readonly [string, string]): number[] {
  const timetable = readTimetable(cron, timezone)
  const found: number[] = []
  for (let next = timetable.next(at(from)); next !== null && next <= at(to); next = timetable.next(next))
    found.push(next)
  return found
}

describe('where clocks go forward, in Paris on 28 March 2027 from 02:00 to 03:00', () => {
  const days = ['2027-03-27T00:00Z', '2027-03-29T12:00Z'] as const

  it('a time of day that is left out fires once, right after the gap', () => {
    expect(iso(fires('30 2 * * *', 'Europe/Paris', days))).toEqual([
      '2027-03-27T01:30',
      '2027-03-28T01:00',
      '2027-03-29T00:30',
    ])
  })

  it('so does one of several', () => {
    expect(iso(fires('30 2,14 * * *', 'Europe/Paris', ['2027-03-28T00:00Z', '2027-03-28T23:00Z']))).toEqual([
      '2027-03-28T01:00',
      '2027-03-28T12:30',
    ])
  })

  it('a pattern with a step goes by real time', () => {
    expect(iso(fires('*/30 * * * *', 'Europe/Paris', ['2027-03-28T00:10Z', '2027-03-28T01:40Z']))).toEqual([
      '2027-03-28T00:30',
      '2027-03-28T01:00',
      '2027-03-28T01:30',
    ])
  })
})

describe('where clocks go back, in Paris on 25 October 2026 from 03:00 to 02:00', () => {
  it('a time of day that comes twice fires the first time only', () => {
    expect(iso(fires('30 2 * * *', 'Europe/Paris', ['2026-10-24T00:00Z', '2026-10-26T12:00Z']))).toEqual([
      '2026-10-24T00:30',
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ])
  })

  it('a pattern with a step goes by real time', () => {
    const found = fires('*/30 * * * *', 'Europe/Paris', ['2026-10-24T23:40Z', '2026-10-25T02:10Z'])
    expect(found.map((fire, n) => fire - (found[0] ?? 0) === n * 1_800_000)).toEqual([true, true, true, true, true])
  })
})

it('gives the same times from wherever it is asked, forwards and backwards', () => {
  const question = fc.record({
    cron: fc.constantFrom('30 2 * * *', '*/30 2 * * *', '30 2,14 * * *', '*/7 * * * *', '15 1-3 * * 0', '0 0 L * *'),
    timezone: fc.constantFrom('Europe/Paris', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'UTC'),
    days: fc.constantFrom(
      ['2026-10-20T00:00Z', '2026-11-04T00:00Z'] as const,
      ['2027-03-10T00:00Z', '2027-04-05T00:00Z'] as const,
    ),
    offset: fc.integer({ min: 0, max: 10 * 86_400_000 }),
  })
  fc.assert(
    fc.property(question, ({ cron, timezone, days, offset }) => {
      const all = fires(cron, timezone, days)
      const now = at(days[0]) + offset
      const timetable = readTimetable(cron, timezone)
      const past = all.filter((fire) => fire <= now)
      expect(timetable.latest({ after: at(days[0]), until: now, limit: 4 })).toEqual(past.slice(-4))
      const [coming] = all.slice(past.length)
      if (coming !== undefined) expect(timetable.next(now)).toBe(coming)
    }),
    { numRuns: 40 },
  )
})

it('leaves out what `after` names, and takes in what `until` names', () => {
  const timetable = readTimetable('0 * * * *', 'UTC')
  const range = { after: at('2026-03-01T10:00Z'), until: at('2026-03-01T12:00Z'), limit: 9 }
  expect(iso(timetable.latest(range))).toEqual(['2026-03-01T11:00', '2026-03-01T12:00'])
})

it.each([
  ['0 24 * * *', 'hour'],
  ['x * * * *', 'pattern'],
  ['* * * * * *', '5'],
  ['0 0 31 2 *', 'never fires'],
  ['0 0 * * MONDAYS', 'pattern'],
])('refuses the pattern %j', async (cron, words) => {
  const problem = await refusal(() => checkTimetable(cron, 'UTC', at('2026-03-01T00:00Z')))
  expect(problem).toMatchObject({ code: 'invalid_request', errors: [{ path: '/cron' }] })
  expect(problem.message).toContain(words)
})

it.each(['+02:00', 'Mars/Olympus', '', '../etc', 'Europe/Paris '])('refuses the time zone %j', async (timezone) => {
  const problem = await refusal(() => readTimetable('0 0 * * *', timezone))
  expect(problem).toMatchObject({ code: 'invalid_request', errors: [{ path: '/timezone' }] })
})

it('names the time zones that come closest', async () => {
  const problem = await refusal(() => readTimetable('0 0 * * *', 'Europe/Pariss'))
  expect(problem.errors[0]?.nearest?.[0]).toBe('Europe/Paris')
})
