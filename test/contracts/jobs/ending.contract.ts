import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { aJob, aSignal, endOf, inState, type Jobsite, submission, untilAborted } from './fixture.ts'

export function endingContract(site: () => Jobsite): void {
  describe('cancelling', () => {
    it('ends at once what waits, and it never runs', async () => {
      let runs = 0
      const jobs = site().process([
        aJob('a', async () => {
          runs += 1
          return null
        }),
      ])
      const { id } = await jobs.submit(submission('a'))
      expect(await jobs.cancel(id)).toMatchObject({ state: 'cancelled', error: { code: 'operation_cancelled' } })
      await site().work(jobs)
      await endOf(jobs, await jobs.submit(submission('a')))
      await sleep(100)
      expect(runs).toBe(1)
      expect(await jobs.counts()).toMatchObject({ fast: { waiting: 0 } })
    })

    it('reaches what runs in another process', async () => {
      const aborted = aSignal<unknown>()
      const definition = aJob('long', async (ctx) => {
        ctx.signal.addEventListener('abort', () => aborted.come(ctx.signal.reason))
        return untilAborted(ctx)
      })
      const [here, there] = [
        site().process([definition]),
        site().process([definition], { settings: { lease: 60_000 } }),
      ]
      await site().work(there)
      const { id } = await here.submit(submission('long'))
      await inState(here, { id }, 'running')
      const asked = performance.now()
      expect(await here.cancel(id)).toMatchObject({ state: 'running', cancelRequested: true })
      expect(await aborted.came).toMatchObject({ code: 'operation_cancelled' })
      expect(await endOf(here, { id })).toMatchObject({ state: 'cancelled', attempt: 1, failures: 0 })
      expect(performance.now() - asked).toBeLessThan(2000)
    })

    it('does not undo what was done in spite of it', async () => {
      const go = aSignal()
      const jobs = site().process([aJob('deaf', async () => go.came.then(() => 'effect'))])
      await site().work(jobs)
      const { id } = await jobs.submit(submission('deaf'))
      await inState(jobs, { id }, 'running')
      await jobs.cancel(id)
      go.come()
      expect(await endOf(jobs, { id })).toMatchObject({ state: 'done', result: 'effect' })
    })

    it('ends what waits to be tried again', async () => {
      const jobs = site().process([
        aJob(
          'flaky',
          async () => {
            throw new Error('again')
          },
          { retries: 50 },
        ),
      ])
      await site().work(jobs)
      const { id } = await jobs.submit(submission('flaky'))
      await expect.poll(async () => (await jobs.get(id))?.failures, { timeout: 5000 }).toBeGreaterThan(1)
      await jobs.cancel(id)
      expect(await endOf(jobs, { id })).toMatchObject({ state: 'cancelled' })
    })

    it('refuses what has ended and what is not there', async () => {
      const jobs = site().process([aJob('a', async () => null)])
      await site().work(jobs)
      const { id } = await jobs.submit(submission('a'))
      await endOf(jobs, { id })
      await expect(jobs.cancel(id)).rejects.toMatchObject({ code: 'conflict' })
      await expect(jobs.cancel('nobody')).rejects.toMatchObject({ code: 'not_found' })
    })
  })

  describe('retrying', () => {
    it('begins anew what failed, as another attempt, with nothing left of the one before', async () => {
      const jobs = site().process([
        aJob(
          'second',
          async (ctx) => {
            ctx.say(`attempt ${ctx.attempt}`)
            if (ctx.attempt < 3) throw new Error('not yet')
            return 'ok'
          },
          { retries: 1 },
        ),
      ])
      await site().work(jobs)
      const { id } = await jobs.submit(submission('second'))
      expect(await endOf(jobs, { id })).toMatchObject({ state: 'failed', attempt: 2 })
      expect(await jobs.retry(id)).toMatchObject({
        state: 'queued',
        error: null,
        lines: [],
        failures: 0,
        endedAt: null,
      })
      const ended = await endOf(jobs, { id })
      expect(ended).toMatchObject({ state: 'done', attempt: 3, result: 'ok', lines: ['attempt 3'] })
      await expect(jobs.retry(id)).rejects.toMatchObject({ code: 'conflict' })
      await expect(jobs.retry('nobody')).rejects.toMatchObject({ code: 'not_found' })
    })

    it('begins anew what was cancelled', async () => {
      const jobs = site().process([aJob('a', async () => 1)])
      const { id } = await jobs.submit(submission('a'))
      await jobs.cancel(id)
      await jobs.retry(id)
      await site().work(jobs)
      expect(await endOf(jobs, { id })).toMatchObject({ state: 'done', result: 1, cancelRequested: false })
    })

    it('is refused beside another one that runs under what it refuses to wait for', async () => {
      const jobs = site().process([aJob('r', async () => null, { locks: true, whenLocked: 'refuse' })])
      const first = await jobs.submit(submission('r', { lock: 'x' }))
      await jobs.cancel(first.id)
      const second = await jobs.submit(submission('r', { lock: 'x' }))
      await expect(jobs.retry(first.id)).rejects.toMatchObject({
        code: 'in_progress',
        errors: [{ message: second.id }],
      })
      await jobs.cancel(second.id)
      await jobs.retry(first.id)
      await expect(jobs.submit(submission('r', { lock: 'x' }))).rejects.toMatchObject({ code: 'in_progress' })
    })

    it('is refused when its arguments are those of another version', async () => {
      const fails = async () => {
        throw new Error('not yet')
      }
      const older = site().process([aJob('versioned', fails)])
      const workers = await site().work(older)
      const { id } = await older.submit(submission('versioned'))
      await endOf(older, { id })
      await workers.drain(0)
      const newer = site().process([aJob('versioned', fails, { version: 2 })])
      await expect(newer.retry(id)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringMatching(/version 1 .*version 2: start it anew/),
      })
      expect(await newer.get(id)).toMatchObject({ state: 'failed', version: 1 })
    })

    it('is refused as a whole when one that fell with it is of another version', async () => {
      const fails = aJob('first', async () => {
        throw new Error('not yet')
      })
      const older = site().process([fails, aJob('versioned', async () => null)])
      const workers = await site().work(older)
      const [first, second] = await older.submitChain([submission('first'), submission('versioned')])
      await endOf(older, second!)
      await workers.drain(0)
      const newer = site().process([fails, aJob('versioned', async () => null, { version: 2 })])
      await expect(newer.retry(first!.id)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining(second!.id),
      })
      expect(await newer.get(first!.id)).toMatchObject({ state: 'failed' })
    })
  })

  describe('draining', () => {
    it('waits for what ends in time', async () => {
      const jobs = site().process([aJob('short', async () => sleep(300).then(() => 'x'))])
      const workers = await site().work(jobs)
      const { id } = await jobs.submit(submission('short'))
      await inState(jobs, { id }, 'running')
      await workers.drain(10_000)
      expect(await jobs.get(id)).toMatchObject({ state: 'done', result: 'x' })
      const next = await jobs.submit(submission('short'))
      await sleep(100)
      expect(await jobs.get(next.id)).toMatchObject({ state: 'queued', attempt: 0 })
    })

    it('gives back what does not, and another worker runs it', async () => {
      const reasons: unknown[] = []
      const definition = aJob('long', async (ctx) => {
        if (ctx.attempt > 1) return ctx.attempt
        ctx.signal.addEventListener('abort', () => reasons.push(ctx.signal.reason))
        return untilAborted(ctx)
      })
      const [first, second] = [site().process([definition]), site().process([definition])]
      const workers = await site().work(first)
      const { id } = await first.submit(submission('long'))
      await inState(first, { id }, 'running')
      const started = performance.now()
      await workers.drain(200)
      expect(performance.now() - started).toBeLessThan(2000)
      expect(reasons).toMatchObject([{ code: 'cancelled' }])
      expect(await first.get(id)).toMatchObject({ state: 'queued', attempt: 1, failures: 0, error: null, lease: null })
      await site().work(second)
      expect(await endOf(second, { id })).toMatchObject({ state: 'done', result: 2, failures: 0 })
    })

    it('gives back what does not listen, and what that one does later counts no more', async () => {
      const go = aSignal()
      const definition = aJob('deaf', async ({ attempt }) => (attempt > 1 ? attempt : go.came.then(() => 'old')))
      const [first, second] = [site().process([definition]), site().process([definition])]
      const workers = await site().work(first)
      const { id } = await first.submit(submission('deaf'))
      await inState(first, { id }, 'running')
      await workers.drain(0)
      expect(await first.get(id)).toMatchObject({ state: 'queued', attempt: 1, failures: 0 })
      await site().work(second)
      const ended = await endOf(second, { id })
      go.come()
      await sleep(50)
      expect(ended).toMatchObject({ state: 'done', result: 2 })
      expect(await second.get(id)).toEqual(ended)
    })

    it('holds nothing any more, not even what was cancelled and does not listen', async () => {
      const go = aSignal()
      const told = aSignal()
      const definition = aJob('deaf', async ({ signal }) => {
        signal.addEventListener('abort', () => told.come())
        return go.came.then(() => null)
      })
      const [first, second] = [site().process([definition]), site().process([definition])]
      // It looks after those of others, and has done so before there are any.
      await site().work(second, { heavy: 1, fast: 0 })
      const workers = await site().work(first)
      const { id } = await first.submit(submission('deaf'))
      await inState(first, { id }, 'running')
      await first.cancel(id)
      await told.came
      await workers.drain(0)
      expect(await endOf(second, { id })).toMatchObject({ state: 'cancelled', attempt: 1 })
      go.come()
    })

    it('ends as cancelled what was to be cancelled anyway', async () => {
      const definition = aJob('long', untilAborted)
      const [asks, runs] = [site().process([definition]), site().process([definition])]
      const workers = await site().work(runs)
      const { id } = await asks.submit(submission('long'))
      await inState(asks, { id }, 'running')
      await Promise.all([asks.cancel(id), workers.drain(100)])
      expect(await endOf(asks, { id })).toMatchObject({ state: 'cancelled' })
    })
  })
}
