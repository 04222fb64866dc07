import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { JobCtx } from '../../../src/jobs/index.ts'
import { aJob, aSignal, endOf, inState, type Jobsite, submission } from './fixture.ts'

export function submittingContract(site: () => Jobsite): void {
  describe('keys', () => {
    it('give the same operation to whoever submits again, however many at once', async () => {
      const jobs = site().process([aJob('a', async () => null)])
      const submitted = await Promise.all(
        Array.from({ length: 12 }, () => jobs.submit(submission('a', {}, { key: 'k1' }))),
      )
      expect(new Set(submitted.map(({ id }) => id)).size).toBe(1)
      expect(await jobs.list({ limit: 50 })).toHaveLength(1)
      const { id } = await jobs.submit(submission('a', {}, { key: 'k2' }))
      expect(id).not.toBe(submitted[0]?.id)
      await site().work(jobs)
      const ended = await endOf(jobs, { id })
      expect(await jobs.submit(submission('a', {}, { key: 'k2' }))).toEqual(ended)
    })

    it('are not for another job or app', async () => {
      const jobs = site().process([aJob('a', async () => null), aJob('b', async () => null)])
      await jobs.submit(submission('a', {}, { key: 'k' }))
      await expect(jobs.submit(submission('b', {}, { key: 'k' }))).rejects.toMatchObject({ code: 'conflict' })
      await expect(jobs.submit(submission('a', {}, { key: 'k', app: 'crm' }))).rejects.toMatchObject({
        code: 'conflict',
      })
    })

    it('can be used again once their time is over', async () => {
      let now = Date.now()
      const jobs = site().process([aJob('a', async () => null)], {
        clock: { now: () => now },
        settings: { idempotency: 60_000 },
      })
      const first = await jobs.submit(submission('a', {}, { key: 'k' }))
      now += 59_999
      expect((await jobs.submit(submission('a', {}, { key: 'k' }))).id).toBe(first.id)
      now += 1
      const second = await jobs.submit(submission('a', {}, { key: 'k' }))
      expect(second.id).not.toBe(first.id)
      expect((await jobs.submit(submission('a', {}, { key: 'k' }))).id).toBe(second.id)
      expect(await jobs.get(first.id)).toMatchObject({ state: 'queued' })
    })
  })

  describe('locks', () => {
    function overlapping() {
      const running = new Map<string, number>()
      let most = 0
      const run = async ({ attempt }: JobCtx, { lock }: { readonly lock?: unknown }) => {
        const key = String(lock)
        const count = (running.get(key) ?? 0) + 1
        running.set(key, count)
        most = Math.max(most, count)
        await sleep(60)
        running.set(key, (running.get(key) ?? 0) - 1)
        return attempt
      }
      return { run, most: () => most }
    }

    it('let one run at a time, and the others wait without using up an attempt', async () => {
      const { run, most } = overlapping()
      const definition = aJob('locked', run, { locks: true })
      const [a, b] = [site().process([definition]), site().process([definition])]
      await site().work(a)
      await site().work(b)
      const submitted = await Promise.all(
        Array.from({ length: 4 }, () => a.submit(submission('locked', { lock: 'x' }))),
      )
      for (const operation of submitted) expect(await endOf(a, operation)).toMatchObject({ state: 'done', result: 1 })
      expect(most()).toBe(1)
    })

    it('do not hold up what has another one', async () => {
      const go = aSignal()
      const definition = aJob('locked', async (_, { lock }) => (lock === 'x' ? go.came.then(() => 1) : 2), {
        locks: true,
      })
      const jobs = site().process([definition])
      await site().work(jobs)
      const slow = await jobs.submit(submission('locked', { lock: 'x' }))
      await inState(jobs, slow, 'running')
      expect(await endOf(jobs, await jobs.submit(submission('locked', { lock: 'y' })))).toMatchObject({ result: 2 })
      go.come()
      await endOf(jobs, slow)
    })

    it('refuse a second one, where the job says so, until the first has ended', async () => {
      const go = aSignal()
      const refusing = aJob('refresh', async () => go.came.then(() => null), { locks: true, whenLocked: 'refuse' })
      const jobs = site().process([refusing])
      const settled = await Promise.allSettled(
        Array.from({ length: 10 }, () => jobs.submit(submission('refresh', { lock: 'x' }))),
      )
      const accepted = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      expect(accepted).toHaveLength(1)
      const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
      for (const reason of refused) {
        expect(reason).toMatchObject({
          code: 'in_progress',
          errors: [{ path: '/operation', message: accepted[0]?.id }],
        })
      }
      await jobs.submit(submission('refresh', { lock: 'y' }))
      await site().work(jobs)
      await inState(jobs, accepted[0]!, 'running')
      await expect(jobs.submit(submission('refresh', { lock: 'x' }))).rejects.toMatchObject({ code: 'in_progress' })
      go.come()
      await endOf(jobs, accepted[0]!)
      await endOf(jobs, await jobs.submit(submission('refresh', { lock: 'x' })))
    })

    it('refuse beside one that another job holds', async () => {
      const jobs = site().process([
        aJob('patient', async () => null, { locks: true }),
        aJob('refusing', async () => null, { locks: true, whenLocked: 'refuse' }),
      ])
      const { id } = await jobs.submit(submission('patient', { lock: 'x' }))
      await expect(jobs.submit(submission('refusing', { lock: 'x' }))).rejects.toMatchObject({
        code: 'in_progress',
        errors: [{ message: id }],
      })
    })
  })

  describe('chains', () => {
    it('run one after the other', async () => {
      const order: string[] = []
      const noted = (name: string) =>
        aJob(name, async () => {
          await sleep(20)
          order.push(name)
          return null
        })
      const jobs = site().process([noted('a'), noted('b'), noted('c')])
      await site().work(jobs)
      const chain = await jobs.submitChain([submission('a'), submission('b'), submission('c')])
      expect(chain.map(({ job, after }) => [job, after])).toEqual([
        ['a', null],
        ['b', chain[0]?.id],
        ['c', chain[1]?.id],
      ])
      await endOf(jobs, chain[2]!)
      expect(order).toEqual(['a', 'b', 'c'])
      expect(await jobs.submitChain([])).toEqual([])
    })

    it('end where one fails, and go on when it is tried again', async () => {
      let fails = true
      const jobs = site().process([
        aJob('a', async () => {
          if (fails) throw new Error('first')
          return null
        }),
        aJob('b', async () => null),
        aJob('c', async () => null),
      ])
      await site().work(jobs)
      const [a, b, c] = await jobs.submitChain([submission('a'), submission('b'), submission('c')])
      expect(await endOf(jobs, c!)).toMatchObject({
        state: 'cancelled',
        error: { code: 'operation_cancelled' },
        attempt: 0,
      })
      expect(await endOf(jobs, b!)).toMatchObject({ state: 'cancelled', attempt: 0 })
      await expect(jobs.retry(b!.id)).rejects.toMatchObject({ code: 'conflict' })
      fails = false
      expect(await jobs.retry(a!.id)).toMatchObject({ state: 'queued' })
      expect(await endOf(jobs, c!)).toMatchObject({ state: 'done' })
      expect(await endOf(jobs, a!)).toMatchObject({ state: 'done', attempt: 2 })
    })

    it('end with the one that is cancelled', async () => {
      const jobs = site().process([aJob('a', async () => null), aJob('b', async () => null)])
      const [a, b] = await jobs.submitChain([submission('a'), submission('b')])
      await jobs.cancel(a!.id)
      expect(await endOf(jobs, b!)).toMatchObject({ state: 'cancelled' })
    })

    it('are there as a whole or not at all', async () => {
      const jobs = site().process([
        aJob('a', async () => null),
        aJob('b', async () => null, { locks: true, whenLocked: 'refuse' }),
      ])
      const held = await jobs.submit(submission('b', { lock: 'x' }))
      await expect(jobs.submitChain([submission('a'), submission('b', { lock: 'x' })])).rejects.toMatchObject({
        code: 'in_progress',
        errors: [{ message: held.id }],
      })
      await expect(jobs.submitChain([submission('a'), submission('nobody')])).rejects.toMatchObject({
        code: 'not_found',
      })
      expect(await jobs.list({ limit: 10 })).toHaveLength(1)
    })

    /** As when it has expired. */
    const removeRecord = (id: string) => site().store.documents('operations').remove(id)
    const inTwoMinutes = { clock: { now: () => Date.now() + 120_000 } }

    it('do not wait for one that was done and is no longer kept', async () => {
      const go = aSignal()
      const definitions = [
        aJob('a', async () => null),
        aJob('b', async ({ attempt }) => attempt, { locks: true }),
        aJob('holder', async () => go.came.then(() => null), { locks: true }),
      ]
      const jobs = site().process(definitions)
      await site().work(jobs)
      const holder = await jobs.submit(submission('holder', { lock: 'b' }))
      await inState(jobs, holder, 'running')
      const [a, b] = await jobs.submitChain([submission('a'), submission('b')])
      await endOf(jobs, a!)
      await expect.poll(() => site().bus.queue('fast').has(b!.id)).toBe(true)
      await removeRecord(a!.id)
      const workers = await site().work(site().process(definitions, inTwoMinutes), { heavy: 0, fast: 0 })
      await sleep(200)
      // It has looked by then.
      await workers.drain(0)
      go.come()
      expect(await endOf(jobs, b!)).toMatchObject({ state: 'done', result: 1 })
    })

    it('are retried without one that was done and is no longer kept', async () => {
      let fails = true
      const jobs = site().process([
        aJob('a', async () => null),
        aJob('b', async () => {
          if (fails) throw new Error('first')
          return null
        }),
      ])
      await site().work(jobs)
      const [a, b] = await jobs.submitChain([submission('a'), submission('b')])
      expect(await endOf(jobs, b!)).toMatchObject({ state: 'failed' })
      await removeRecord(a!.id)
      fails = false
      await jobs.retry(b!.id)
      expect(await endOf(jobs, b!)).toMatchObject({ state: 'done', attempt: 2 })
    })

    it('are not retried without one that did not succeed', async () => {
      const jobs = site().process([aJob('a', async () => null), aJob('b', async () => null)])
      const [a, b] = await jobs.submitChain([submission('a'), submission('b')])
      await jobs.cancel(a!.id)
      await removeRecord(a!.id)
      await expect(jobs.retry(b!.id)).rejects.toMatchObject({ code: 'conflict' })
    })

    it('are removed when their submission did not come to its end', async () => {
      let runs = 0
      const count = async () => {
        runs += 1
        return null
      }
      const definitions = [aJob('a', count), aJob('b', count)]
      const jobs = site().process(definitions)
      const [a, b] = await jobs.submitChain([submission('a'), submission('b')])
      await removeRecord(a!.id)
      await site().work(jobs)
      await endOf(jobs, await jobs.submit(submission('a')))
      // It may still be on its way.
      expect(await jobs.get(b!.id)).toMatchObject({ state: 'queued' })
      await site().work(site().process(definitions, inTwoMinutes))
      await expect.poll(() => jobs.get(b!.id), { timeout: 3000 }).toBeNull()
      expect(runs).toBe(1)
    })

    it('are the same for the same key, however often they are submitted at once', async () => {
      const jobs = site().process([aJob('a', async () => null), aJob('b', async () => null)])
      const chains = await Promise.all(
        Array.from({ length: 6 }, () =>
          jobs.submitChain([submission('a', {}, { key: 'k' }), submission('b', {}, { key: 'k' })]),
        ),
      )
      const ids = chains.map((chain) => chain.map(({ id }) => id))
      expect(new Set(ids.map(String)).size).toBe(1)
      expect(await jobs.list({ limit: 50 })).toHaveLength(2)
    })
  })
}
