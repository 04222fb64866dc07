import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bus, JobOutcome, Queue, QueuedJob, QueueWorker, TakenJob, WorkOptions } from '../../../src/bus/index.ts'
import type { BusUnderTest } from '../bus.contract.ts'

const done: JobOutcome = { kind: 'done' }

/** A job of the default priority, of the group `a`. */
export function aJob(id: string, about: Partial<QueuedJob> = {}): QueuedJob {
  return { id, payload: { n: id }, group: 'a', priority: 2, ...about }
}

/** What the queues of every bus must do. */
export function queueContract(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`${name}: queue contract`, () => {
    let bus: Bus
    let queue: Queue
    let passTime: BusUnderTest['passTime']
    const workers: QueueWorker[] = []

    beforeEach(async () => {
      const opened = await open()
      bus = opened.bus
      passTime = opened.passTime
      queue = bus.queue('heavy')
    })
    afterEach(async () => {
      await Promise.all(workers.splice(0).map((worker) => worker.close(0)))
      await bus.close()
    })

    /** A worker; by default it takes one job at a time and is done with each. */
    async function work(options: Partial<WorkOptions> = {}, from = queue): Promise<QueueWorker> {
      const worker = await from.work({ concurrency: 1, leaseMs: 5000, handle: async () => done, ...options })
      workers.push(worker)
      return worker
    }

    /** A worker that keeps what it takes. */
    async function collect(options: Partial<WorkOptions> = {}): Promise<TakenJob[]> {
      const taken: TakenJob[] = []
      const handle = options.handle ?? (async () => done)
      await work({
        ...options,
        handle: (job, signal) => {
          taken.push(job)
          return handle(job, signal)
        },
      })
      return taken
    }

    const ids = (jobs: readonly TakenJob[]) => jobs.map(({ id }) => id)
    const until = (condition: () => boolean) => expect.poll(condition, { timeout: 8000, interval: 10 }).toBe(true)
    const idle = () => ({ waiting: 0, delayed: 0, running: 0, dead: 0 })
    const settled = () => expect.poll(() => queue.counts(), { timeout: 8000, interval: 10 }).toEqual(idle())

    describe('jobs', () => {
      it('come with what was put in, once each', async () => {
        const payloads = [
          null,
          0,
          '',
          false,
          'é\u0000🗝',
          [1, [2]],
          { a: { b: null } },
          JSON.parse('{"__proto__":{"x":1}}'),
        ]
        for (const [n, payload] of payloads.entries()) await queue.add(aJob(`job-${n}`, { payload }))
        const taken = await collect()
        await until(() => taken.length === payloads.length)
        await settled()
        expect(taken.map(({ payload }) => JSON.stringify(payload))).toEqual(
          payloads.map((each) => JSON.stringify(each)),
        )
        expect(taken.every(({ lost }) => lost === 0)).toBe(true)
        expect(ids(taken)).toEqual(payloads.map((_, n) => `job-${n}`))
      })

      it('take every id that is allowed', async () => {
        const odd = [
          '1',
          '007',
          'wait',
          'active',
          'meta',
          'id',
          'dead',
          '__proto__',
          'constructor',
          '{x}',
          'j-1',
          'ü 🗝',
          'k'.repeat(200),
        ]
        await queue.addMany(odd.map((id) => aJob(id)))
        const taken = await collect()
        await until(() => taken.length === odd.length)
        expect(ids(taken)).toEqual(odd)
        await settled()
      })

      it.each(['', 'a:b', 'k'.repeat(201)])('refuse the id %j, and with it all that came along', async (id) => {
        await expect(queue.addMany([aJob('fine'), aJob(id)])).rejects.toMatchObject({ code: 'internal' })
        expect(await queue.has('fine')).toBe(false)
      })

      it('refuse what is not JSON, a priority that there is not, and a delay that is none', async () => {
        for (const wrong of [
          { payload: undefined as never },
          { payload: 1n as never },
          { priority: 4 as never },
          { delayMs: Number.NaN },
          { delayMs: -1 },
          { delayMs: Number.POSITIVE_INFINITY },
        ]) {
          await expect(queue.add(aJob('a', wrong))).rejects.toMatchObject({ code: 'internal' })
        }
        expect(await queue.counts()).toEqual(idle())
      })

      it('are not shared with who put them in', async () => {
        const payload = { list: [1] }
        await queue.add(aJob('a', { payload }))
        payload.list.push(2)
        const taken = await collect()
        await until(() => taken.length === 1)
        expect(taken[0]?.payload).toEqual({ list: [1] })
      })

      it('are there once while they wait, and while they run', async () => {
        await queue.add(aJob('a', { payload: 'first' }))
        await queue.add(aJob('a', { payload: 'second' }))
        await queue.addMany([aJob('b'), aJob('b'), aJob('a')])
        expect(await queue.counts()).toEqual({ ...idle(), waiting: 2 })
        const taken = await collect({
          handle: async ({ id }) => {
            if (id === 'a') await queue.add(aJob('a', { payload: 'third' }))
            return done
          },
        })
        await until(() => taken.length === 2)
        await settled()
        expect(taken.map(({ id, payload }) => [id, payload])).toEqual([
          ['a', 'first'],
          ['b', { n: 'b' }],
        ])
      })

      it('can be put in again once they have ended, well or dead', async () => {
        const outcomes: JobOutcome[] = [done, { kind: 'dead', reason: 'planted' }, done]
        const taken = await collect({ handle: async () => outcomes.shift() ?? done })
        for (let round = 1; round <= 3; round++) {
          await queue.add(aJob('a'))
          await until(() => taken.length === round)
          await expect.poll(() => queue.has('a')).toBe(false)
        }
      })

      it('are known while they wait, are delayed, and run, and no longer', async () => {
        expect(await queue.has('a')).toBe(false)
        await queue.add(aJob('a'))
        await queue.add(aJob('later', { delayMs: 60_000 }))
        expect(await queue.has('a')).toBe(true)
        expect(await queue.has('later')).toBe(true)
        const seen: boolean[] = []
        await work({
          handle: async ({ id }) => {
            seen.push(await queue.has(id))
            return done
          },
        })
        await until(() => seen.length === 1)
        expect(seen).toEqual([true])
        await expect.poll(() => queue.has('a')).toBe(false)
      })

      it('are taken back when nobody has taken them', async () => {
        await queue.addMany([aJob('a'), aJob('b'), aJob('later', { delayMs: 60_000 })])
        expect(await queue.remove('a')).toBe(true)
        expect(await queue.remove('later')).toBe(true)
        expect(await queue.remove('a')).toBe(false)
        expect(await queue.remove('unknown')).toBe(false)
        const removed: boolean[] = []
        const taken = await collect({
          handle: async ({ id }) => {
            removed.push(await queue.remove(id))
            return done
          },
        })
        await settled()
        expect(ids(taken)).toEqual(['b'])
        expect(removed).toEqual([false])
      })

      it('belong to their queue', async () => {
        const other = bus.queue('fast')
        await other.add(aJob('a'))
        expect(bus.queue('fast')).toBe(other)
        expect(other.name).toBe('fast')
        expect(await queue.has('a')).toBe(false)
        const taken = await collect()
        await queue.add(aJob('b'))
        await until(() => taken.length === 1)
        expect(ids(taken)).toEqual(['b'])
        expect(await other.has('a')).toBe(true)
      })

      it.each(['', 'Heavy', 'a:b', 'a b', '1'])('have no queue that is called %j', (wrong) => {
        expect(() => bus.queue(wrong)).toThrow(expect.objectContaining({ code: 'internal' }))
      })
    })

    describe('delays', () => {
      it('are waited for, and not much longer', async () => {
        const taken = await collect()
        await queue.add(aJob('later', { delayMs: 300 }))
        await queue.add(aJob('now'))
        await until(() => taken.length === 1)
        expect(ids(taken)).toEqual(['now'])
        expect(await queue.counts()).toEqual({ ...idle(), delayed: 1 })
        await passTime(100)
        await sleep(50)
        expect(taken).toHaveLength(1)
        await passTime(250)
        await expect.poll(() => ids(taken), { timeout: 1000 }).toEqual(['now', 'later'])
      })

      it('end in the order of their ends', async () => {
        const taken = await collect()
        await queue.addMany([aJob('c', { delayMs: 300 }), aJob('a', { delayMs: 50 }), aJob('b', { delayMs: 150 })])
        await passTime(80)
        await until(() => taken.length === 1)
        await passTime(100)
        await until(() => taken.length === 2)
        await passTime(150)
        await until(() => taken.length === 3)
        expect(ids(taken)).toEqual(['a', 'b', 'c'])
      })

      it('bring a job to a queue that has been idle', async () => {
        const taken = await collect()
        await sleep(100)
        await queue.add(aJob('a', { delayMs: 100 }))
        await passTime(110)
        await expect.poll(() => ids(taken), { timeout: 1000 }).toEqual(['a'])
      })
    })

    describe('outcomes', () => {
      it('again: gives the job again after the delay', async () => {
        const outcomes: JobOutcome[] = [{ kind: 'again', delayMs: 200 }, { kind: 'again', delayMs: 0 }, done]
        const taken = await collect({ handle: async () => outcomes.shift() ?? done })
        await queue.add(aJob('a'))
        await until(() => taken.length === 1)
        await expect.poll(() => queue.counts()).toEqual({ ...idle(), delayed: 1 })
        expect(await queue.has('a')).toBe(true)
        await passTime(210)
        await until(() => taken.length === 3)
        await settled()
        expect(taken.map(({ lost }) => lost)).toEqual([0, 0, 0])
        expect(taken.map(({ payload }) => payload)).toEqual([{ n: 'a' }, { n: 'a' }, { n: 'a' }])
      })

      it('again: one that waits for its turn can be taken back', async () => {
        const taken = await collect({ handle: async () => ({ kind: 'again', delayMs: 60_000 }) })
        await queue.add(aJob('a'))
        await expect.poll(() => queue.counts()).toEqual({ ...idle(), delayed: 1 })
        expect(await queue.remove('a')).toBe(true)
        expect(await queue.counts()).toEqual(idle())
        expect(taken).toHaveLength(1)
      })

      it.each([Number.NaN, -5, Number.NEGATIVE_INFINITY])('again after %d ms: at once', async (delayMs) => {
        const outcomes: JobOutcome[] = [{ kind: 'again', delayMs }, done]
        const taken = await collect({ handle: async () => outcomes.shift() ?? done })
        await queue.add(aJob('a'))
        await until(() => taken.length === 2)
        await settled()
      })

      it('dead: is kept aside with its reason, the newest first', async () => {
        await work({ handle: async ({ id }) => ({ kind: 'dead', reason: `no ${id}` }) })
        for (const id of ['a', 'b', 'c']) {
          await queue.add(aJob(id))
          await expect.poll(() => queue.has(id)).toBe(false)
        }
        expect(await queue.counts()).toEqual({ ...idle(), dead: 3 })
        const dead = await queue.dead(2)
        expect(dead).toMatchObject([
          { id: 'c', payload: { n: 'c' }, reason: 'no c' },
          { id: 'b', payload: { n: 'b' }, reason: 'no b' },
        ])
        expect(dead.every(({ at }) => Number.isFinite(at))).toBe(true)
        expect(await queue.dead(0)).toEqual([])
        expect(await queue.dead(10)).toHaveLength(3)
      })

      it('an error that a handler throws all the same: dead, and the others go on', async () => {
        const taken = await collect({
          handle: async ({ id }) => {
            if (id === 'b') throw new Error('planted')
            return done
          },
        })
        await queue.addMany([aJob('a'), aJob('b'), aJob('c')])
        await until(() => taken.length === 3)
        await expect.poll(() => queue.counts()).toEqual({ ...idle(), dead: 1 })
        expect(await queue.dead(1)).toMatchObject([{ id: 'b', reason: expect.stringContaining('planted') }])
      })
    })

    describe('order', () => {
      /** The ids in the order in which a single worker takes them. */
      async function order(jobs: readonly QueuedJob[]): Promise<string[]> {
        await queue.addMany(jobs)
        const taken: string[] = []
        const worker = await work({
          handle: async ({ id }) => {
            taken.push(id)
            return done
          },
        })
        await until(() => taken.length === jobs.length)
        await worker.close(1000)
        return taken
      }
      const many = (count: number, group: string, priority: 1 | 2 | 3 = 2) =>
        Array.from({ length: count }, (_, n) => aJob(`${group}${priority}-${n}`, { group, priority }))

      it('within a group and a priority: as they came', async () => {
        const jobs = many(30, 'a')
        expect(await order(jobs)).toEqual(jobs.map(({ id }) => id))
      })

      it('a group with many jobs does not hold up another group’s one', async () => {
        const taken = await order([...many(200, 'a'), ...many(1, 'b')])
        expect(taken.indexOf('b2-0')).toBeLessThanOrEqual(2)
      })

      it('also when all of them are put in one by one, at once', async () => {
        await Promise.all([...many(200, 'a'), ...many(1, 'b')].map((job) => queue.add(job)))
        const taken = await collect()
        await until(() => taken.length === 201)
        expect(ids(taken).indexOf('b2-0')).toBeLessThanOrEqual(2)
      })

      it('groups with many jobs take turns', async () => {
        const taken = await order([...many(40, 'a'), ...many(40, 'b'), ...many(40, 'c')])
        const first = taken.slice(0, 60)
        for (const group of ['a', 'b', 'c']) {
          const share = first.filter((id) => id.startsWith(group)).length
          expect(share).toBeGreaterThanOrEqual(18)
          expect(share).toBeLessThanOrEqual(22)
        }
      })

      it('a group that comes later begins where the others are: neither behind what waits nor with a claim to the past', async () => {
        await queue.addMany(many(100, 'a'))
        const order: string[] = []
        await work({
          handle: async ({ id }) => {
            order.push(id)
            if (order.length === 50) await queue.addMany(many(40, 'b'))
            await sleep(1)
            return done
          },
        })
        await until(() => order.length === 140)
        const next = order.slice(50, 80)
        expect(next.filter((id) => id.startsWith('b')).length).toBeGreaterThanOrEqual(12)
        expect(next.filter((id) => id.startsWith('a')).length).toBeGreaterThanOrEqual(12)
      })

      it('a more urgent job goes before, also of the same group', async () => {
        const taken = await order([...many(20, 'a', 3), ...many(20, 'a', 2), ...many(3, 'a', 1)])
        expect(taken.slice(0, 4).filter((id) => id.startsWith('a1'))).toHaveLength(3)
        expect(taken.slice(0, 12).filter((id) => id.startsWith('a3')).length).toBeLessThanOrEqual(2)
      })

      it('nobody starves: each priority weighs a third of the one before', async () => {
        const taken = await order([...many(90, 'a', 1), ...many(90, 'b', 2), ...many(90, 'c', 3)])
        const first = taken.slice(0, 65)
        const share = (group: string) => first.filter((id) => id.startsWith(group)).length
        expect(share('a')).toBeGreaterThanOrEqual(42)
        expect(share('a')).toBeLessThanOrEqual(48)
        expect(share('b')).toBeGreaterThanOrEqual(13)
        expect(share('b')).toBeLessThanOrEqual(17)
        expect(share('c')).toBeGreaterThanOrEqual(4)
        expect(share('c')).toBeLessThanOrEqual(7)
      })

      it('delayed jobs of one group do not hold up another one when they are all due', async () => {
        await queue.addMany(many(60, 'a').map((job) => ({ ...job, delayMs: 100 })))
        await queue.addMany(many(5, 'b').map((job) => ({ ...job, delayMs: 100 })))
        await passTime(150)
        await queue.addMany(many(5, 'c'))
        const taken = await collect()
        await until(() => taken.length === 70)
        for (const group of ['b', 'c']) {
          const last = Math.max(...ids(taken).map((id, at) => (id.startsWith(group) ? at : 0)))
          expect(last).toBeLessThanOrEqual(24)
        }
      })

      it('what was served before an idle time does not count', async () => {
        await order(many(50, 'a'))
        const taken = await order([
          ...many(20, 'a').map((job) => ({ ...job, id: `again-${job.id}` })),
          ...many(20, 'b'),
        ])
        expect(taken.slice(0, 20).filter((id) => id.startsWith('b')).length).toBeLessThanOrEqual(12)
        expect(taken.slice(0, 20).filter((id) => id.startsWith('b')).length).toBeGreaterThanOrEqual(8)
      })
    })

    describe('workers', () => {
      it('run as many jobs at a time as they were told', async () => {
        let now = 0
        let most = 0
        await queue.addMany(Array.from({ length: 20 }, (_, n) => aJob(`${n}`)))
        const taken = await collect({
          concurrency: 4,
          handle: async () => {
            most = Math.max(most, ++now)
            await sleep(20)
            now--
            return done
          },
        })
        await until(() => taken.length === 20)
        await settled()
        expect(most).toBe(4)
      })

      it('share what there is, each job to one of them', async () => {
        const one = await collect({ concurrency: 2, handle: () => sleep(5, done) })
        const two = await collect({ concurrency: 2, handle: () => sleep(5, done) })
        await queue.addMany(Array.from({ length: 100 }, (_, n) => aJob(`job-${n}`)))
        await until(() => one.length + two.length === 100)
        await settled()
        expect(new Set([...ids(one), ...ids(two)]).size).toBe(100)
        expect(one.length).toBeGreaterThan(20)
        expect(two.length).toBeGreaterThan(20)
      })

      it('are counted by what they do', async () => {
        let end = () => {}
        const ending = new Promise<void>((resolve) => {
          end = resolve
        })
        await queue.addMany([aJob('a'), aJob('b'), aJob('c'), aJob('later', { delayMs: 60_000 })])
        await work({ concurrency: 2, handle: () => ending.then(() => done) })
        await expect.poll(() => queue.counts()).toEqual({ waiting: 1, delayed: 1, running: 2, dead: 0 })
        end()
        await expect.poll(() => queue.counts()).toEqual({ ...idle(), delayed: 1 })
      })

      it('keep a job for longer than their lease when they live', async () => {
        const taken = await collect({ leaseMs: 200, handle: (_job, signal) => sleep(900, done, { signal }) })
        await queue.add(aJob('a'))
        await until(() => taken.length === 1)
        await settled()
        expect(taken).toHaveLength(1)
      })

      it.each([
        { concurrency: 0 },
        { concurrency: 1.5 },
        { concurrency: Number.NaN },
        { leaseMs: 0 },
        { leaseMs: Number.POSITIVE_INFINITY },
      ])('refuse %j', async (wrong) => {
        await expect(work(wrong)).rejects.toMatchObject({ code: 'internal' })
      })
    })

    describe('closing a worker', () => {
      it('waits for what runs, and takes nothing more', async () => {
        await queue.addMany([aJob('a'), aJob('b')])
        const ended: string[] = []
        let aborted = false
        const started: string[] = []
        const worker = await work({
          handle: async ({ id }, signal) => {
            started.push(id)
            await sleep(200)
            aborted = signal.aborted
            ended.push(id)
            return done
          },
        })
        await until(() => started.length === 1)
        await worker.close(5000)
        expect(ended).toEqual(['a'])
        expect(aborted).toBe(false)
        await queue.add(aJob('c'))
        await sleep(100)
        expect(started).toEqual(['a'])
        expect(await queue.counts()).toEqual({ ...idle(), waiting: 2 })
      })

      it('aborts what has not ended, and gives it to others, at once and before the rest', async () => {
        await queue.addMany([aJob('a'), aJob('b'), aJob('c')])
        let reason: unknown
        const started: string[] = []
        const worker = await work({
          handle: (job, signal) => {
            started.push(job.id)
            signal.addEventListener('abort', () => {
              reason = signal.reason
            })
            return new Promise<never>(() => {})
          },
        })
        await until(() => started.length === 1)
        const began = performance.now()
        await worker.close(100)
        await worker.close(100)
        expect(performance.now() - began).toBeLessThan(3000)
        expect(reason).toMatchObject({ code: 'cancelled' })
        expect(await queue.counts()).toEqual({ ...idle(), waiting: 3 })
        const taken = await collect()
        await until(() => taken.length === 3)
        await settled()
        expect(taken.map(({ id, lost }) => [id, lost])).toEqual([
          ['a', 1],
          ['b', 0],
          ['c', 0],
        ])
      })

      it('hears what a handler says that heeds the abort', async () => {
        await queue.add(aJob('a'))
        let started = false
        const worker = await work({
          handle: async (_job, signal) => {
            started = true
            await sleep(60_000, undefined, { signal }).catch(() => {})
            return { kind: 'again', delayMs: 0 }
          },
        })
        await until(() => started)
        await worker.close(50)
        const taken = await collect()
        await until(() => taken.length === 1)
        expect(taken[0]?.lost).toBe(0)
      })

      it('does not hear a handler that ends after its job was given back', async () => {
        await queue.add(aJob('a'))
        let end = () => {}
        let started = false
        const worker = await work({
          handle: () => {
            started = true
            return new Promise((resolve) => {
              end = () => resolve({ kind: 'dead', reason: 'too late' })
            })
          },
        })
        await until(() => started)
        await worker.close(10)
        end()
        await sleep(50)
        expect(await queue.counts()).toEqual({ ...idle(), waiting: 1 })
      })

      it('is over at once when nothing runs', async () => {
        const worker = await work()
        await sleep(100)
        const began = performance.now()
        await worker.close(60_000)
        expect(performance.now() - began).toBeLessThan(1500)
      })
    })

    it('is closed with the bus: aborts what runs, and refuses everything', async () => {
      let aborted = false
      await queue.add(aJob('a'))
      let started = false
      await work({
        handle: (_job, signal) => {
          started = true
          signal.addEventListener('abort', () => {
            aborted = true
          })
          return new Promise<never>(() => {})
        },
      })
      await until(() => started)
      await bus.close()
      expect(aborted).toBe(true)
      await expect(queue.add(aJob('b'))).rejects.toMatchObject({ code: 'internal' })
      await expect(queue.has('a')).rejects.toMatchObject({ code: 'internal' })
      await expect(queue.counts()).rejects.toMatchObject({ code: 'internal' })
      await expect(work()).rejects.toMatchObject({ code: 'internal' })
    })
  })
}
