import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  aScheduling,
  aShopWithScheduler,
  day,
  hour,
  passTime,
  type Scheduling,
} from '../../../test/builders/scheduling.ts'
import { call } from '../../../test/builders/server.ts'
import type { Bus } from '../../bus/index.ts'
import type { Scheduler } from './scheduler.ts'
import type { ScheduleDocument } from './schedules.store.ts'

let app: Scheduling
let scheduler: Scheduler
// It is the first of March 2026, 12:00.
beforeEach(async () => {
  ;({ app, scheduler } = await aShopWithScheduler())
})
afterEach(() => app.close())

const moveTo = (time: string) => app.clock.advance(Date.parse(time) - app.clock.now())

const patch = (id: string, body: object) => call(app, `PATCH /shop/schedules/${id}`, { token: app.admin, body })

describe('a schedule', () => {
  it('fires at each of its times once, one action after the other', async () => {
    const id = await app.aSchedule('shop', { actions: [{ kind: 'refresh' }, { kind: 'publish' }] })
    await scheduler.turn()
    expect(await app.runsOf(id)).toEqual([])
    await passTime(app, scheduler, { ms: 3 * hour })
    expect(await app.runsOf(id)).toEqual(['2026-03-01T13:00', '2026-03-01T14:00', '2026-03-01T15:00'])
    expect(app.done).toEqual(Array.from({ length: 3 }, () => ['refresh shop', 'publish shop']).flat())
    const { body } = await app.read('shop', id)
    const operations = (await app.operationsOf(id)).slice(0, 2).map((operation) => operation.id)
    expect(body).toMatchObject({
      next_run: '2026-03-01T16:00:00.000Z',
      last_run: { at: '2026-03-01T15:00:00.000Z', by: null, operations: operations.reverse(), error: null },
      last_skip: null,
    })
  })

  it('hands over what its actions say', async () => {
    const id = await app.aSchedule('shop', {
      actions: [
        { kind: 'refresh', domains: ['sales'] },
        { kind: 'publish', parts: ['data'], domains: ['sales'] },
      ],
    })
    await passTime(app, scheduler, { ms: hour })
    const [publish, refresh] = await app.operationsOf(id)
    expect(refresh).toMatchObject({ job: 'refresh', args: { app: 'shop', stage: 'staging', domains: ['sales'] } })
    expect(publish).toMatchObject({ job: 'publish', args: { app: 'shop', parts: ['data'], domains: ['sales'] } })
    expect(publish?.after).toBe(refresh?.id)
  })

  it('in a time zone fires once on the days on which its clocks change', async () => {
    const id = await app.aSchedule('shop', { cron: '30 2 * * *', timezone: 'Europe/Paris', enabled: false })
    // Not by a request: the token is out of date by then.
    const turn = (enabled: boolean) => app.schedules.change('root', { app: 'shop', id }, { change: { enabled } })
    moveTo('2026-10-24T12:00Z')
    await turn(true)
    await passTime(app, scheduler, { ms: 2 * day, step: hour })
    expect(await app.runsOf(id)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30'])
    await turn(false)
    moveTo('2027-03-27T12:00Z')
    await turn(true)
    await passTime(app, scheduler, { ms: 2 * day, step: hour })
    expect((await app.runsOf(id)).slice(2)).toEqual(['2027-03-28T01:00', '2027-03-29T00:30'])
  })

  it('that is off, or was removed, does not fire', async () => {
    const off = await app.aSchedule('shop', { enabled: false })
    const gone = await app.aSchedule('shop')
    await call(app, `DELETE /shop/schedules/${gone}`, { token: app.admin })
    await passTime(app, scheduler, { ms: 2 * hour })
    expect([await app.runsOf(off), await app.runsOf(gone)]).toEqual([[], []])
  })

  it('that is changed, switched off or removed while it is looked at is looked at anew', async () => {
    const ids = [await app.aSchedule('shop'), await app.aSchedule('shop'), await app.aSchedule('shop')]
    const [off = '', moved = '', gone = ''] = ids
    const meddling = app.aScheduler({
      jobs: {
        submitChain: app.jobs.submitChain,
        async list(request) {
          const id = request.label?.value
          if (id === off) await patch(off, { enabled: false })
          if (id === moved) await patch(moved, { cron: '30 * * * *' })
          if (id === gone) await call(app, `DELETE /shop/schedules/${gone}`, { token: app.admin })
          return app.jobs.list(request)
        },
      },
    })
    app.clock.advance(hour)
    for (let turn = 0; turn < 3; turn++) await meddling.turn()
    expect((await app.read('shop', off)).body).toMatchObject({ enabled: false, next_run: null })
    expect((await app.read('shop', moved)).body).toMatchObject({
      cron: '30 * * * *',
      next_run: '2026-03-01T13:30:00.000Z',
    })
    expect((await app.read('shop', gone)).status).toBe(404)
    await app.settle()
    for (const id of ids) expect((await app.runsOf(id)).length).toBeLessThanOrEqual(1)
    expect(app.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  it('does not pile up runs while one is not over', async () => {
    const idle = await aScheduling({ working: false })
    try {
      await idle.anApp('shop')
      const once = await idle.aSchedule('shop')
      const all = await idle.aSchedule('shop', { catch_up: { policy: 'all', limit: 3 } })
      const only = idle.aScheduler()
      for (let n = 0; n < 6; n++) {
        idle.clock.advance(hour)
        await only.turn()
      }
      expect([await idle.runsOf(once), await idle.runsOf(all)]).toEqual([
        ['2026-03-01T13:00'],
        ['2026-03-01T13:00', '2026-03-01T14:00', '2026-03-01T15:00'],
      ])
      const { body } = await idle.read('shop', once)
      expect(body).toMatchObject({
        last_run: { at: '2026-03-01T13:00:00.000Z' },
        last_skip: { at: '2026-03-01T18:00:00.000Z', reason: 'still_running' },
        next_run: '2026-03-01T19:00:00.000Z',
      })
    } finally {
      await idle.close()
    }
  })

  it('whose jobs refuse it says why, and fires again the next time', async () => {
    const id = await app.aSchedule('shop')
    const strange = app.aScheduler({
      jobs: {
        list: app.jobs.list,
        submitChain: (chain) => app.jobs.submitChain(chain.map((part) => ({ ...part, job: 'unheard' }))),
      },
    })
    await passTime(app, strange, { ms: hour })
    expect((await app.read('shop', id)).body.last_run).toMatchObject({
      operations: [],
      error: 'There is no job "unheard".',
    })
    await strange.close()
    await passTime(app, scheduler, { ms: hour })
    expect(await app.runsOf(id)).toEqual(['2026-03-01T14:00'])
  })

  it('that this program cannot read is laid aside, and the others fire', async () => {
    const [broken, whole] = [await app.aSchedule('shop'), await app.aSchedule('shop')]
    const kept = app.store.collection<ScheduleDocument>({
      name: 'schedules',
      unique: ['nameKey'],
      indexes: ['app', 'nextFire', 'firedUntil'],
    })
    const stored = await kept.get(broken)
    if (stored) await kept.replace({ ...stored.doc, timezone: 'Mars/Olympus' }, stored.version)
    await passTime(app, scheduler, { ms: hour })
    expect((await app.read('shop', broken)).body).toMatchObject({
      next_run: null,
      last_run: { error: 'There is no time zone "Mars/Olympus".' },
    })
    expect(await app.runsOf(whole)).toEqual(['2026-03-01T13:00'])
    const mended = await patch(broken, { timezone: 'UTC' })
    expect(mended.body.next_run).toBe('2026-03-01T14:00:00.000Z')
  })
})

describe('trouble', () => {
  it('with the bus is told once, and over when it is over; the lease goes on as long as it lasts', async () => {
    let broken = false
    const fragile: Bus = {
      ...app.bus,
      async lock(key, leaseMs) {
        if (broken) throw new Error('no bus')
        const lease = await app.bus.lock(key, leaseMs)
        return lease && { ...lease, renew: async () => (broken ? Promise.reject(new Error('no bus')) : lease.renew()) }
      },
    }
    const only = app.aScheduler({ bus: fragile })
    const id = await app.aSchedule('shop')
    app.clock.advance(hour - 5_000)
    await only.turn()
    broken = true
    app.clock.advance(6_000)
    await only.turn()
    expect(await app.runsOf(id)).toEqual(['2026-03-01T13:00'])
    for (let n = 0; n < 4; n++) await passTime(app, only, { ms: hour })
    expect(only.active()).toBe(false)
    expect(app.lines.filter(({ level }) => level === 'error')).toHaveLength(1)
    broken = false
    await only.turn()
    expect(app.lines.at(-1)?.message).toBe('the scheduler works again')
    expect(await app.runsOf(id)).toEqual(['2026-03-01T13:00', '2026-03-01T17:00'])
  })

  it('with one schedule does not keep the others from firing', async () => {
    const [first, second] = [await app.aSchedule('shop'), await app.aSchedule('shop')]
    let broken = true
    const only = app.aScheduler({
      jobs: {
        list: app.jobs.list,
        submitChain: (chain) =>
          broken && chain[0]?.labels?.schedule === first
            ? Promise.reject(new Error('no store'))
            : app.jobs.submitChain(chain),
      },
    })
    await passTime(app, only, { ms: hour })
    expect([await app.runsOf(first), await app.runsOf(second)]).toEqual([[], ['2026-03-01T13:00']])
    broken = false
    await only.turn()
    expect(await app.runsOf(first)).toEqual(['2026-03-01T13:00'])
  })
})

it('looks each second once it is started, and no more once it is closed', async () => {
  const id = await app.aSchedule('shop')
  scheduler.start()
  app.clock.advance(hour)
  await expect.poll(() => app.runsOf(id), { timeout: 5000 }).toEqual(['2026-03-01T13:00'])
  await scheduler.close()
  app.clock.advance(hour)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(await app.runsOf(id)).toHaveLength(1)
})
