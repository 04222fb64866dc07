import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aShopWithScheduler, day, hour, minute, passTime, type Scheduling } from '../../../test/builders/scheduling.ts'
import type { Scheduler } from './scheduler.ts'

let app: Scheduling
let scheduler: Scheduler
// It is the first of March 2026, 12:00.
beforeEach(async () => {
  ;({ app, scheduler } = await aShopWithScheduler())
})
afterEach(() => app.close())

describe('times that were missed', () => {
  const sleep = async (policy: object, ms: number) => {
    const id = await app.aSchedule('shop', { catch_up: policy })
    await passTime(app, scheduler, { ms: hour })
    app.clock.advance(ms)
    await scheduler.turn()
    await app.settle()
    await scheduler.turn()
    return { id, runs: (await app.runsOf(id)).slice(1) }
  }

  it('skip: does nothing, and says so', async () => {
    const { id, runs } = await sleep({ policy: 'skip' }, 5.5 * hour)
    expect(runs).toEqual([])
    const { body } = await app.read('shop', id)
    expect(body).toMatchObject({
      last_skip: { at: '2026-03-01T18:00:00.000Z', reason: 'missed' },
      next_run: '2026-03-01T19:00:00.000Z',
    })
    await passTime(app, scheduler, { ms: hour })
    expect((await app.runsOf(id)).at(-1)).toBe('2026-03-01T19:00')
  })

  it('skip: what is less than a minute late was not missed', async () => {
    expect((await sleep({ policy: 'skip' }, 5 * hour + minute)).runs).toEqual(['2026-03-01T18:00'])
  })

  it('once: the latest', async () => {
    expect((await sleep({ policy: 'once' }, 5.5 * hour)).runs).toEqual(['2026-03-01T18:00'])
  })

  it('all: each, up to the limit, the newest of them', async () => {
    expect((await sleep({ policy: 'all', limit: 3 }, 5.5 * hour)).runs).toEqual([
      '2026-03-01T16:00',
      '2026-03-01T17:00',
      '2026-03-01T18:00',
    ])
  })

  it('after years, take no longer than after an hour', async () => {
    const id = await app.aSchedule('shop', { cron: '* * * * *', catch_up: { policy: 'all', limit: 5 } })
    app.clock.advance(20 * 365 * day)
    const before = performance.now()
    await scheduler.turn()
    expect(performance.now() - before).toBeLessThan(2000)
    expect(await app.runsOf(id)).toHaveLength(5)
  })
})

describe('a clock that is put back', () => {
  it('by a little: nothing runs again, and nothing stops', async () => {
    const id = await app.aSchedule('shop')
    await passTime(app, scheduler, { ms: hour })
    app.clock.advance(-30_000)
    await passTime(app, scheduler, { ms: 2 * hour })
    expect(await app.runsOf(id)).toEqual(['2026-03-01T13:00', '2026-03-01T14:00'])
  })

  it('by much: nothing runs again, and what had not run does', async () => {
    const id = await app.aSchedule('shop')
    await passTime(app, scheduler, { ms: 2 * hour })
    app.clock.advance(10 * day)
    await scheduler.turn()
    await app.settle()
    app.clock.advance(-10 * day - 90 * minute)
    await passTime(app, scheduler, { ms: 4 * hour })
    expect(await app.runsOf(id)).toEqual([
      ...['2026-03-01T13:00', '2026-03-01T14:00', '2026-03-01T15:00', '2026-03-01T16:00'],
      '2026-03-11T14:00',
    ])
    expect((await app.read('shop', id)).body.next_run).toBe('2026-03-01T17:00:00.000Z')
  })
})
