import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Problem } from '../base/index.ts'
import { backOff, mayPass, problemOf } from './failures.ts'
import { progressOf } from './notes.ts'
import { newRecord, type OperationRecord } from './operation-record.ts'
import { createSightings } from './sightings.ts'
import {
  begin,
  cancel,
  fail,
  giveBack,
  hasEnded,
  heartbeat,
  lose,
  mostLost,
  revive,
  succeed,
  tryAgain,
} from './transitions.ts'

const definition = {
  name: 'a',
  version: 1,
  queue: 'fast',
  args: z.unknown(),
  retries: 0,
  run: async () => null,
} as const
const aRecord = (whenLocked: 'wait' | 'refuse' = 'refuse') =>
  newRecord({
    id: 'o1',
    submission: { job: 'a', args: {}, app: 'shop', stage: null, by: null, requestId: null, key: 'k' },
    definition: { ...definition, whenLocked },
    lock: 'x',
    now: 1000,
  })
const problem = new Problem('source_failed', 'It hung up.')
const ending = (now: number) => ({ now, keepMs: 60_000 })

/** A step that is allowed in the state that the record is in; the same record where it is not. */
const steps: Readonly<Record<string, (record: OperationRecord, now: number) => OperationRecord>> = {
  begin: (record, now) => (record.state === 'queued' ? begin(record, { owner: 'w', now, leaseMs: 1000 }) : record),
  beat: (record, now) => (record.state === 'running' ? heartbeat(record, { now, leaseMs: 1000 }) : record),
  succeed: (record, now) => (record.state === 'running' ? succeed(record, { n: 1 }, ending(now)) : record),
  fail: (record, now) => (record.state === 'running' ? fail(record, problem, ending(now)) : record),
  again: (record, now) => (record.state === 'running' ? tryAgain(record, problem, { now, delayMs: 5 }) : record),
  giveBack: (record, now) => (record.state === 'running' ? giveBack(record, now) : record),
  lose: (record, now) => (record.state === 'running' ? lose(record, problem, ending(now)) : record),
  cancel: (record, now) => (hasEnded(record.state) ? record : cancel(record, problem, ending(now))),
  revive: (record, now) => (['failed', 'cancelled'].includes(record.state) ? revive(record, now) : record),
}

describe('the state machine', () => {
  it('keeps what must be true of a record, whatever happens to it', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 40 }), (names) => {
        let record = aRecord()
        names.forEach((name, index) => {
          const before = record
          record = steps[name]?.(before, 2000 + index) ?? before
          expect(record.lease !== null).toBe(record.state === 'running')
          expect(record.endedAt !== null).toBe(hasEnded(record.state))
          expect(record.expiresAt !== undefined).toBe(hasEnded(record.state))
          if (hasEnded(record.state)) expect([record.lock, record.exclusive]).toEqual([undefined, undefined])
          if (record.state === 'done') expect(record.error).toBeNull()
          if (record.state === 'failed' || record.state === 'cancelled') expect(record.error).not.toBeNull()
          // The attempt is the fence: it never goes back, and only a beginning makes a new one.
          expect(record.attempt - before.attempt).toBe(name === 'begin' && record !== before ? 1 : 0)
          expect(record.lost).toBeLessThanOrEqual(mostLost)
          expect([record.id, record.key, record.createdAt]).toEqual(['o1', 'k', 1000])
          // A field that is undefined is another thing to a database than one that is not there.
          expect(Object.values(record)).not.toContain(undefined)
        })
      }),
    )
  })

  it('gives up an operation of which five workers died, and no other', () => {
    let record = aRecord()
    for (let death = 1; death <= 5; death++) {
      record = lose(begin(record, { owner: 'w', now: death, leaseMs: 1 }), problem, ending(death))
      expect(record.state).toBe(death < 5 ? 'queued' : 'failed')
    }
    record = revive(record, 9)
    expect(record).toMatchObject({ state: 'queued', lost: 0, attempt: 5 })
  })
})

describe('failures', () => {
  it('wait longer each time, within bounds, and never together', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const delay = backOff(failures, () => random)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(Math.min(60_000, 1000 * 2 ** (failures - 1)))
      }),
    )
    expect([1, 2, 3, 7].map((failures) => backOff(failures, () => 1))).toEqual([1000, 2000, 4000, 60_000])
  })

  it('that may pass are those of the world, not of the request', () => {
    const code = (name: ConstructorParameters<typeof Problem>[0]) => mayPass(new Problem(name, ''))
    expect(
      (['source_failed', 'source_timeout', 'storage_failed', 'query_timeout', 'not_ready'] as const).every(code),
    ).toBe(true)
    expect((['release_raced', 'internal', 'overloaded'] as const).every(code)).toBe(true)
    expect(
      (['csv_invalid', 'not_found', 'out_of_memory', 'forbidden', 'cancelled', 'conflict'] as const).some(code),
    ).toBe(false)
    expect(problemOf('text')).toMatchObject({ code: 'internal' })
  })
})

describe('an estimate', () => {
  it.each([
    [50, 1000, 1000],
    [10, 1000, 9000],
    [100, 1000, 0],
    [0, 1000, null],
    [150, 1000, 0],
    [-5, 1000, null],
  ])('at %d percent after %d ms is %s ms', (percent, elapsed, remaining) => {
    expect(progressOf('reading', percent, elapsed).remainingMs).toBe(remaining)
  })

  it('is not made where nobody can tell', () => {
    for (const percent of [undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(progressOf('reading', percent, 1000)).toEqual({ stage: 'reading', percent: null, remainingMs: null })
    }
  })
})

describe('sightings', () => {
  const look = (at: number, ...versions: number[]) => ({
    at,
    documents: versions.map((version, index) => ({ doc: { id: `d${index}` }, version })),
  })

  function idsUnchanged(looks: readonly ReturnType<typeof look>[]): string[][] {
    let now = 0
    const sightings = createSightings(1000, () => now)
    return looks.map(({ at, documents }) => {
      now = at
      return sightings.unchanged(documents).map(({ doc }) => doc.id)
    })
  }

  it('find what nobody wrote for that time', () => {
    expect(idsUnchanged([look(0, 1, 1), look(400, 1, 2), look(999, 1, 3), look(1000, 1, 4)])).toEqual([
      [],
      [],
      [],
      ['d0'],
    ])
  })

  it('begin anew after we were held up ourselves', () => {
    expect(idsUnchanged([look(0, 1), look(900, 1), look(5000, 1), look(5500, 1), look(6000, 1)])).toEqual([
      [],
      [],
      [],
      [],
      ['d0'],
    ])
  })
})
