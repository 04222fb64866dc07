import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Log } from '../../../src/base/index.ts'
import { aJob, aSignal, endOf, inState, type Jobsite, submission } from './fixture.ts'

export function losingContract(site: () => Jobsite): void {
  describe('what is lost', () => {
    it('in the queue is put back', async () => {
      const jobs = site().process([aJob('a', async () => 1)])
      const operations = await Promise.all([1, 2, 3].map(() => jobs.submit(submission('a'))))
      for (const { id } of operations) expect(await site().bus.queue('fast').remove(id)).toBe(true)
      await site().work(jobs)
      for (const operation of operations) expect(await endOf(jobs, operation)).toMatchObject({ state: 'done' })
    })

    it('with the end of the one before is put back too', async () => {
      const definitions = [aJob('a', async () => 1, { queue: 'heavy' }), aJob('b', async () => 2)]
      const jobs = site().process(definitions)
      const [a, b] = await jobs.submitChain([submission('a'), submission('b')])
      const workers = await site().work(jobs, { heavy: 1, fast: 0 })
      await endOf(jobs, a!)
      await workers.drain(5000)
      expect(await site().bus.queue('fast').remove(b!.id)).toBe(true)
      await site().work(site().process(definitions))
      expect(await endOf(jobs, b!)).toMatchObject({ state: 'done', result: 2 })
    })

    it('is taken from a worker that is not heard of, whose later words do not count', async () => {
      const go = aSignal()
      const aborted = aSignal<unknown>()
      const definition = aJob('slow', async (ctx) => {
        if (ctx.attempt > 1) return 'new'
        ctx.signal.addEventListener('abort', () => aborted.come(ctx.signal.reason))
        await go.came
        return 'old'
      })
      // Its heartbeats are further apart than the patience of the other one: as if it were paused.
      const paused = site().process([definition], { settings: { lease: 40_000 } })
      const awake = site().process([definition])
      const pausedWorkers = await site().work(paused)
      const { id } = await paused.submit(submission('slow'))
      await inState(paused, { id }, 'running')
      await site().work(awake)
      expect(await inState(awake, { id }, 'queued')).toMatchObject({ attempt: 1, failures: 0, lease: null })
      const drained = pausedWorkers.drain(20_000)
      go.come()
      expect(await aborted.came).toMatchObject({ code: 'cancelled' })
      await drained
      expect(await endOf(awake, { id })).toMatchObject({ state: 'done', result: 'new', attempt: 2, failures: 0 })
    })

    it('is not what runs, for somebody whose clock says otherwise', async () => {
      const definition = aJob('slow', async ({ attempt }) => sleep(1500).then(() => attempt))
      const runs = site().process([definition])
      const early = site().process([definition], { clock: { now: () => Date.now() + 3_600_000 } })
      await site().work(early, { heavy: 1, fast: 0 })
      await site().work(runs, { heavy: 0, fast: 1 })
      const { id } = await runs.submit(submission('slow'))
      await inState(runs, { id }, 'running')
      // As a queue gives a job again when it heard nothing of its worker.
      const again = { id, payload: { id, job: 'slow', version: 1 }, group: 'shop', priority: 1 } as const
      await site().bus.queue('heavy').add(again)
      expect(await endOf(runs, { id })).toMatchObject({ state: 'done', result: 1, attempt: 1 })
      await expect.poll(() => site().bus.queue('heavy').has(id), { timeout: 3000 }).toBe(false)
    })

    it('is not what is merely slow', async () => {
      const definition = aJob('slow', async ({ attempt }) => sleep(2500).then(() => attempt))
      const [a, b] = [site().process([definition]), site().process([definition])]
      await site().work(a)
      await site().work(b)
      expect(await endOf(a, await a.submit(submission('slow')))).toMatchObject({ result: 1, attempt: 1 })
    })
  })

  describe('what a worker does not know', () => {
    it('is left to one that does', async () => {
      const lines: string[] = []
      const log = heard(lines)
      const oldProgram = site().process([aJob('other', async () => null), aJob('versioned', async () => 'old')], {
        log,
      })
      const newProgram = site().process([aJob('versioned', async () => 'new', { version: 2 })])
      const workers = await site().work(oldProgram)
      const operations = [
        await newProgram.submit(submission('versioned')),
        await newProgram.submit(submission('versioned')),
      ]
      await expect.poll(() => lines).toEqual([expect.stringContaining('version 2 of the job "versioned"')])
      await sleep(200)
      for (const { id } of operations) expect(await newProgram.get(id)).toMatchObject({ state: 'queued', attempt: 0 })
      await workers.drain(0)
      await site().work(newProgram)
      for (const operation of operations) expect(await endOf(newProgram, operation)).toMatchObject({ result: 'new' })
      expect(lines).toHaveLength(1)
    })

    it('fails when nobody does for an hour, and says what it needs', async () => {
      let now = Date.now()
      const clock = { now: () => now }
      const oldProgram = site().process([aJob('other', async () => null)], { clock })
      const newProgram = site().process([aJob('versioned', async () => 'new', { version: 2 })], { clock })
      const { id } = await newProgram.submit(submission('versioned'))
      const workers = await site().work(oldProgram)
      await expect.poll(() => newProgram.get(id)).toHaveProperty('unclaimedSince')
      await workers.drain(0)
      now += 3_600_001
      await site().bus.queue('fast').remove(id)
      await site().work(site().process([aJob('other', async () => null)], { clock }))
      expect(await endOf(newProgram, { id })).toMatchObject({
        state: 'failed',
        error: { detail: expect.stringContaining('version 2 of the job "versioned"') },
      })
    })

    it.each([['no object'], [{ id: 7 }], [null]])('is put aside when it is no job at all: %j', async (payload) => {
      const jobs = site().process([aJob('a', async () => 1)])
      await site().bus.queue('fast').add({ id: 'planted', payload, group: 'shop', priority: 1 })
      await site().work(jobs)
      await expect.poll(async () => (await site().bus.queue('fast').dead(10)).length).toBe(1)
      expect(await site().bus.queue('fast').dead(10)).toMatchObject([{ id: 'planted', reason: /payload/ }])
      expect(await endOf(jobs, await jobs.submit(submission('a')))).toMatchObject({ result: 1 })
    })

    it('is dropped when its record is gone', async () => {
      const jobs = site().process([aJob('a', async () => 1)])
      await site()
        .bus.queue('fast')
        .add({
          id: 'planted',
          payload: { id: 'planted', job: 'a', version: 1 },
          group: 'shop',
          priority: 1,
        })
      await site().work(jobs)
      await expect.poll(async () => site().bus.queue('fast').has('planted')).toBe(false)
      expect((await jobs.counts()).fast?.dead).toBe(0)
    })
  })
}

/** A log that keeps its warnings. */
function heard(lines: string[]): Log {
  const log: Log = {
    debug: () => {},
    info: () => {},
    warn: (_, message) => lines.push(message),
    error: () => {},
    child: () => log,
  }
  return log
}
