import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aShopWithScheduler, day, hour, minute, passTime, type Scheduling } from '../../../test/builders/scheduling.ts'
import { call } from '../../../test/builders/server.ts'
import type { Scheduler } from './scheduler.ts'

let app: Scheduling
let scheduler: Scheduler
// It is the first of March 2026, 12:00.
beforeEach(async () => {
  ;({ app, scheduler } = await aShopWithScheduler())
})
afterEach(() => app.close())

describe('several schedulers', () => {
  it('one is active; another takes over from one that was stopped at once, and from one that hangs after its lease', async () => {
    const [second, third] = [app.aScheduler(), app.aScheduler()]
    const turns = () => Promise.all([scheduler, second, third].map((each) => each.turn()))
    await turns()
    expect([scheduler, second, third].map((each) => each.active())).toEqual([true, false, false])
    await scheduler.close()
    await second.turn()
    expect([scheduler.active(), second.active()]).toEqual([false, true])
    app.clock.advance(9_000)
    await third.turn()
    expect([second.active(), third.active()]).toEqual([true, false])
    app.clock.advance(2_000)
    expect(second.active()).toBe(false)
    await third.turn()
    await second.turn()
    expect([second.active(), third.active()]).toEqual([false, true])
  })

  it('that cannot see each other run nothing twice', async () => {
    const others = [app.aScheduler({ bus: await app.aBus() }), app.aScheduler({ bus: await app.aBus() })]
    const id = await app.aSchedule('shop', {
      cron: '*/10 * * * *',
      actions: [{ kind: 'refresh' }, { kind: 'publish' }],
    })
    for (let n = 0; n < 6; n++) {
      app.clock.advance(10 * minute)
      await Promise.all([scheduler, ...others].map((each) => each.turn()))
      await app.settle()
    }
    expect(others.every((other) => other.active())).toBe(true)
    expect(await app.runsOf(id)).toHaveLength(6)
    expect(app.done).toHaveLength(12)
  })

  it('that is killed between beginning a run and noting it leaves one run, also when it is looked at days later', async () => {
    const killed = app.aScheduler({
      jobs: {
        list: app.jobs.list,
        async submitChain(chain) {
          await app.jobs.submitChain(chain)
          throw new Error('killed')
        },
      },
    })
    const id = await app.aSchedule('shop', { cron: '0 13 1 * *' })
    await passTime(app, killed, { ms: hour })
    await killed.close()
    app.clock.advance(3 * day)
    await scheduler.turn()
    expect(await app.runsOf(id)).toEqual(['2026-03-01T13:00'])
    const [operation] = await app.operationsOf(id)
    expect((await app.read('shop', id)).body.last_run).toMatchObject({
      at: '2026-03-01T13:00:00.000Z',
      operations: [operation?.id],
    })
  })

  it('one that loses its lease amid its work begins nothing more', async () => {
    const ids = [await app.aSchedule('shop'), await app.aSchedule('shop'), await app.aSchedule('shop')]
    let begun = 0
    const paused = app.aScheduler({
      jobs: {
        list: app.jobs.list,
        async submitChain(chain) {
          begun++
          // As long as a process that was stopped and goes on.
          app.clock.advance(15_000)
          expect(await other.turn()).toBeUndefined()
          return app.jobs.submitChain(chain)
        },
      },
    })
    const other = app.aScheduler()
    app.clock.advance(hour - minute)
    await paused.turn()
    app.clock.advance(minute)
    await paused.turn()
    expect([begun, paused.active(), other.active()]).toEqual([1, false, true])
    for (const id of ids) expect(await app.runsOf(id)).toEqual(['2026-03-01T13:00'])
  })
})

const runNow = (id: string) => call(app, `POST /shop/schedules/${id}/run`, { token: app.admin })

it('whatever the clock does and whoever dies, no time is run twice, and none before it comes', async () => {
  const event = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1000, max: 2 * hour }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('jump' as const), ms: fc.integer({ min: -2 * day, max: 2 * day }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), ms: fc.constant(0) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('run now' as const), ms: fc.constant(0) }) },
  )
  const policy = fc.constantFrom({ policy: 'skip' }, { policy: 'once' }, { policy: 'all', limit: 4 })
  let fired = 0
  const story = fc.record({ policy, events: fc.array(event, { minLength: 5, maxLength: 25 }) })
  await fc.assert(
    fc.asyncProperty(story, async ({ policy: catch_up, events }) => {
      const id = await app.aSchedule('shop', { catch_up, cron: '*/20 * * * *' })
      let dying = false
      const mortal = {
        list: app.jobs.list,
        async submitChain(chain: Parameters<Scheduling['jobs']['submitChain']>[0]) {
          const operations = await app.jobs.submitChain(chain)
          if (dying) throw new Error('killed')
          return operations
        },
      }
      const blind = [app.aScheduler({ jobs: mortal, bus: await app.aBus() }), app.aScheduler({ bus: await app.aBus() })]
      let latest = app.clock.now()
      for (const { kind, ms } of events) {
        dying = kind === 'die'
        if (kind === 'run now') await runNow(id)
        app.clock.advance(kind === 'die' ? 20 * minute : ms)
        latest = Math.max(latest, app.clock.now())
        await Promise.all(blind.map((each) => each.turn()))
        await app.settle()
      }
      await call(app, `DELETE /shop/schedules/${id}`, { token: app.admin })
      const fires = (await app.runsOf(id)).filter((run) => /^\d{4}-/.test(run))
      fired += fires.length
      expect(new Set(fires).size).toBe(fires.length)
      for (const fire of fires) expect(Date.parse(`${fire}Z`)).toBeLessThanOrEqual(latest)
    }),
    { numRuns: 12 },
  )
  expect(fired).toBeGreaterThan(0)
}, 60_000)
