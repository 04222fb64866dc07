import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Problem } from '../../../src/base/index.ts'
import { defineJob, viewOf } from '../../../src/jobs/index.ts'
import { aJob, aSignal, endOf, inState, type Jobsite, submission } from './fixture.ts'

export function runningContract(site: () => Jobsite): void {
  describe('running', () => {
    it('gives what the job gave, and says who, when and how often', async () => {
      const add = defineJob({
        name: 'add',
        version: 3,
        queue: 'heavy',
        args: z.strictObject({ a: z.number(), b: z.number().default(10) }),
        retries: 0,
        run: async (ctx, { a, b }) => [a + b, ctx.operation, ctx.attempt, ctx.app, ctx.stage, ctx.by, ctx.requestId],
      })
      const jobs = site().process([add])
      await site().work(jobs)
      const submitted = await jobs.submit(submission('add', { a: 1 }, { labels: { schedule: 's1' } }))
      expect(submitted).toMatchObject({ state: 'queued', attempt: 0, result: null, error: null, progress: null })
      const ended = await endOf(jobs, submitted)
      expect(ended).toMatchObject({
        id: submitted.id,
        job: 'add',
        version: 3,
        queue: 'heavy',
        args: { a: 1 },
        state: 'done',
        attempt: 1,
        failures: 0,
        lease: null,
        result: [11, submitted.id, 1, 'shop', 'staging', 'ada', 'r1'],
        error: null,
        labels: { schedule: 's1' },
      })
      expect(ended.startedAt).toBeGreaterThanOrEqual(ended.createdAt)
      expect(ended.endedAt).toBeGreaterThanOrEqual(ended.startedAt ?? Number.NaN)
      expect(await jobs.get(submitted.id)).toEqual(ended)
    })

    it('shows it in snake_case, without its arguments and without who runs it', async () => {
      const jobs = site().process([aJob('quiet', async () => null)])
      const operation = await jobs.submit(submission('quiet', { secret: 'x' }))
      const view = viewOf(operation)
      expect(Object.keys(view).sort()).toEqual(
        [
          ...['app', 'attempt', 'by', 'changed_at', 'created_at', 'ended_at', 'error', 'id', 'job', 'labels', 'lines'],
          ...['progress', 'request_id', 'result', 'stage', 'started_at', 'state'],
        ].sort(),
      )
      expect(view).toMatchObject({ created_at: new Date(operation.createdAt).toISOString(), started_at: null })
    })

    it('refuses arguments that are not those of the job, and jobs that are none', async () => {
      const strict = defineJob({
        name: 'refresh',
        version: 1,
        queue: 'fast',
        args: z.strictObject({ app: z.object({ id: z.string() }) }),
        retries: 0,
        run: async () => null,
      })
      const jobs = site().process([strict])
      await expect(jobs.submit(submission('refresh', { app: { id: 7 } }))).rejects.toMatchObject({
        code: 'invalid_request',
        errors: [{ path: '/args/app/id' }],
      })
      await expect(jobs.submit(submission('refesh'))).rejects.toMatchObject({
        code: 'not_found',
        errors: [{ path: '/job', nearest: ['refresh'] }],
      })
      expect(await jobs.list({ limit: 10 })).toEqual([])
    })

    it('keeps the record before anybody works, and counts what waits', async () => {
      const jobs = site().process([aJob('wait', async () => null)])
      const { id } = await jobs.submit(submission('wait'))
      expect(await jobs.get(id)).toMatchObject({ state: 'queued' })
      expect(await jobs.get('nobody')).toBeNull()
      expect(await jobs.counts()).toMatchObject({ fast: { waiting: 1, running: 0, dead: 0 }, heavy: { waiting: 0 } })
    })

    it('runs each of many once, on several workers', async () => {
      const runs = new Map<string, number>()
      const counted = aJob('count', async ({ operation }) => {
        runs.set(operation, (runs.get(operation) ?? 0) + 1)
        await sleep(Math.random() * 5)
        return null
      })
      const [a, b] = [site().process([counted]), site().process([counted])]
      await site().work(a)
      await site().work(b)
      const submitted = await Promise.all(Array.from({ length: 60 }, () => a.submit(submission('count'))))
      for (const operation of submitted) expect(await endOf(b, operation)).toMatchObject({ state: 'done', attempt: 1 })
      expect([...runs.values()].every((count) => count === 1)).toBe(true)
      expect(runs.size).toBe(60)
    })
  })

  describe('failing', () => {
    it.each([
      ['what nobody expected', () => new TypeError('secret rows'), 'internal'],
      ['a source that fails', () => new Problem('source_failed', 'It hung up.'), 'source_failed'],
      ['a race', () => new Problem('release_raced', 'Somebody was faster.'), 'release_raced'],
    ])('tries again after %s, as often as the job says', async (_, error, code) => {
      let runs = 0
      const flaky = aJob(
        'flaky',
        async () => {
          runs += 1
          throw error()
        },
        { retries: 1 },
      )
      const jobs = site().process([flaky])
      await site().work(jobs)
      const ended = await endOf(jobs, await jobs.submit(submission('flaky')))
      expect(ended).toMatchObject({ state: 'failed', attempt: 2, failures: 1, error: { code } })
      expect(JSON.stringify(ended)).not.toContain('secret rows')
      expect(runs).toBe(2)
      await expect.poll(async () => (await jobs.counts()).fast?.dead).toBe(1)
    })

    it('succeeds in the end, and forgets the error', async () => {
      const flaky = aJob(
        'flaky',
        async ({ attempt }) => {
          if (attempt === 1) throw new Problem('source_timeout', 'Too slow.')
          return attempt
        },
        { retries: 3 },
      )
      const jobs = site().process([flaky])
      await site().work(jobs)
      const ended = await endOf(jobs, await jobs.submit(submission('flaky')))
      expect(ended).toMatchObject({ state: 'done', result: 2, failures: 1, error: null })
    })

    it('does not try again what the request is to blame for, and keeps what is wrong with it', async () => {
      const errors = [{ path: '/line', message: 'no comma', line: 7 }]
      const wrong = aJob(
        'wrong',
        async () => {
          throw new Problem('csv_invalid', 'Not a table.', { errors })
        },
        { retries: 5 },
      )
      const jobs = site().process([wrong])
      await site().work(jobs)
      const ended = await endOf(jobs, await jobs.submit(submission('wrong')))
      expect(ended).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'csv_invalid', errors } })
      expect((await jobs.counts()).fast?.dead).toBe(0)
    })

    it.each([
      ['something that is no error', () => Promise.reject('text')],
      [
        'at once',
        () => {
          throw new Error('sync')
        },
      ],
      ['nothing', async () => undefined as never],
      ['what is not JSON', async () => 10n as never],
    ])('ends with a job that gives or throws %s', async (what, run) => {
      const jobs = site().process([aJob('odd', run)])
      await site().work(jobs)
      const ended = await endOf(jobs, await jobs.submit(submission('odd')))
      expect(ended).toMatchObject(
        what === 'nothing' ? { state: 'done', result: null } : { state: 'failed', error: { code: 'internal' } },
      )
    })
  })

  describe('what a job says', () => {
    it('is written soon, but not at every word, and the last of it always', async () => {
      const seen = aSignal()
      const talk = aJob('talk', async (ctx) => {
        for (let percent = 1; percent <= 50; percent++) ctx.progress({ stage: 'reading orders', percent })
        ctx.say('half of it')
        await seen.came
        for (let line = 0; line < 200; line++) ctx.say(`line ${line}\n\twith ${'x'.repeat(1000)}`)
        ctx.progress({ stage: 'writing' })
        return null
      })
      const jobs = site().process([talk])
      await site().work(jobs)
      const { id } = await jobs.submit(submission('talk'))
      await expect.poll(async () => (await jobs.get(id))?.lines).toEqual(['half of it'])
      expect((await jobs.get(id))?.progress).toEqual({
        stage: 'reading orders',
        percent: 50,
        remainingMs: expect.any(Number),
      })
      seen.come()
      const ended = await endOf(jobs, { id })
      expect(ended.progress).toEqual({ stage: 'writing', percent: null, remainingMs: null })
      expect(ended.lines).toHaveLength(50)
      expect(ended.lines.at(-1)).toMatch(/^line 199 with x+…$/)
      expect(ended.lines.every((line) => line.length <= 300)).toBe(true)
    })

    it('is told to those who watch, in order', async () => {
      const jobs = site().process([
        aJob('talk', async (ctx) => {
          ctx.progress({ stage: 'a', percent: 10 })
          await sleep(100)
          return null
        }),
      ])
      const { createEvents } = await import('../../../src/jobs/index.ts')
      const { silentLog, systemClock } = await import('../../../src/base/index.ts')
      const events = createEvents({ bus: site().bus, clock: systemClock, log: silentLog })
      const seen: string[] = []
      const ids: string[] = []
      const end = await events.watch((event) => {
        if (!('operation' in event)) return
        seen.push(`${event.type} ${event.app} ${event.stage} ${event.operation.state}`)
        ids.push(event.id)
      })
      await site().work(jobs)
      await endOf(jobs, await jobs.submit(submission('talk')))
      await expect
        .poll(() => seen)
        .toEqual([
          'operation.queued shop staging queued',
          'operation.started shop staging running',
          'operation.progress shop staging running',
          'operation.done shop staging done',
        ])
      expect(ids).toEqual([...ids].sort())
      await end()
    })
  })

  describe('waiting for the end', () => {
    it('answers soon after it, in another process too', async () => {
      const go = aSignal()
      const definition = aJob('wait', async () => go.came.then(() => 'x'))
      const [here, there] = [site().process([definition]), site().process([definition])]
      await site().work(there)
      const { id } = await here.submit(submission('wait'))
      await inState(here, { id }, 'running')
      const ended = endOf(here, { id })
      await sleep(50)
      const started = performance.now()
      go.come()
      expect(await ended).toMatchObject({ state: 'done', result: 'x' })
      expect(performance.now() - started).toBeLessThan(1000)
    })

    it('gives up after a while, and when whoever waits leaves', async () => {
      const jobs = site().process([aJob('never', async () => null)])
      const { id } = await jobs.submit(submission('never'))
      expect(await jobs.ended(id, 100, new AbortController().signal)).toMatchObject({ state: 'queued' })
      expect(await jobs.ended(id, 0, new AbortController().signal)).toMatchObject({ state: 'queued' })
      const leave = new AbortController()
      const waiting = jobs.ended(id, 10_000, leave.signal)
      setTimeout(() => leave.abort(), 30)
      await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
      await expect(jobs.ended(id, 10_000, leave.signal)).rejects.toMatchObject({ code: 'cancelled' })
      await expect(jobs.ended('nobody', 10_000, new AbortController().signal)).rejects.toMatchObject({
        code: 'not_found',
      })
    })
  })

  describe('lists', () => {
    it('give the newest first, by page, app, stage, state, label and change', async () => {
      const jobs = site().process([aJob('a', async () => null), aJob('b', async () => null)])
      const made: string[] = []
      for (const [app, stage, label] of [
        ['shop', 'staging', 'x'],
        ['shop', 'production', 'y'],
        ['crm', 'staging', 'x'],
        [null, null, 'y'],
      ] as const) {
        await sleep(2)
        made.unshift((await jobs.submit(submission('a', {}, { app, stage, labels: { kind: label } }))).id)
      }
      const ids = async (request: Parameters<typeof jobs.list>[0]) => (await jobs.list(request)).map(({ id }) => id)
      const [instance, crm, production, staging] = made as [string, string, string, string]
      expect(await ids({ limit: 10 })).toEqual(made)
      expect(await ids({ limit: 2 })).toEqual([instance, crm])
      expect(await ids({ limit: 2, after: crm })).toEqual([production, staging])
      expect(await ids({ app: 'shop', limit: 10 })).toEqual([production, staging])
      expect(await ids({ app: null, limit: 10 })).toEqual([instance])
      expect(await ids({ app: 'shop', stage: 'staging', limit: 10 })).toEqual([staging])
      expect(await ids({ label: { name: 'kind', value: 'x' }, limit: 10 })).toEqual([crm, staging])
      await jobs.cancel(crm)
      expect(await ids({ states: ['cancelled', 'failed'], limit: 10 })).toEqual([crm])
      expect(await ids({ states: [], limit: 10 })).toEqual([])
      const { changedAt } = (await jobs.get(crm)) ?? { changedAt: Number.NaN }
      expect(await ids({ changedSince: changedAt, limit: 10 })).toEqual([crm])
      expect(await ids({ changedSince: changedAt + 1, limit: 10 })).toEqual([])
    })
  })
}
