import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { aJob, createJobsite, endOf, type Jobsite, submission } from '../../test/contracts/jobs/fixture.ts'
import { aPlace, mongoUrl, newPlace, type PlaceSettings, redisUrl } from '../../test/contracts/jobs/places.ts'

/** Jobs of the same names as the worker's that behave. */
const definitions = [
  aJob('slow', async ({ attempt }) => `test ${attempt}`, { locks: true }),
  aJob('poison', async () => 'survived'),
]

interface Worker {
  readonly process: ChildProcess
  /** What it has said after this word. */
  said(word: string): string[]
}

const script = new URL('../../test/contracts/jobs/worker.ts', import.meta.url).pathname
const workers: ChildProcess[] = []

afterEach(() => {
  for (const child of workers.splice(0)) child.kill('SIGKILL')
})

function startWorker(place: PlaceSettings, submits: Readonly<Record<string, number>> = {}): Worker {
  const args = ['--import', 'tsx', script, JSON.stringify(place), JSON.stringify(submits)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  workers.push(child)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return {
    process: child,
    said: (word) =>
      output.split('\n').flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : [])),
  }
}

async function kill({ process: child }: Worker): Promise<void> {
  child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

describe('the one process of an embedded instance', () => {
  it('may be killed: what ran and what waited is done by the next one', async () => {
    const place = newPlace({})
    const worker = startWorker(place, { slow: 5 })
    await expect.poll(() => worker.said('running').length, { timeout: 15_000 }).toBe(2)
    const ran = worker.said('running')
    const submitted = worker.said('submitted')
    await kill(worker)
    const site = createJobsite(await aPlace(place))
    const jobs = site.process(definitions)
    const started = performance.now()
    await site.work(jobs)
    for (const id of submitted) {
      const attempt = ran.includes(id) ? 2 : 1
      expect(await endOf(jobs, { id })).toMatchObject({
        state: 'done',
        attempt,
        failures: 0,
        result: `test ${attempt}`,
      })
    }
    expect(submitted).toHaveLength(5)
    expect(performance.now() - started).toBeLessThan(3000)
    await site.end()
  }, 30_000)

  it('is not killed for ever by the same operation', async () => {
    const place = newPlace({})
    let id = ''
    for (let death = 0; death < 5; death++) {
      const worker = startWorker(place, death === 0 ? { poison: 1 } : {})
      await once(worker.process, 'exit')
      id ||= worker.said('submitted')[0] ?? ''
      expect(worker.said('running')).toEqual([id])
    }
    const site = createJobsite(await aPlace(place))
    const jobs = site.process(definitions)
    await site.work(jobs)
    expect(await endOf(jobs, { id })).toMatchObject({
      state: 'failed',
      attempt: 5,
      error: { detail: expect.stringContaining('died 5 times') },
    })
    await site.end()
  }, 60_000)
})

describe.runIf(redisUrl && mongoUrl)('one of several processes', () => {
  let place: PlaceSettings
  let site: Jobsite
  beforeEach(async () => {
    place = newPlace({ redis: true, mongo: true })
    site = createJobsite(await aPlace(place))
  })
  afterEach(() => site.end())

  it('may be killed: another one does what it did, under the same lock, in seconds', async () => {
    const worker = startWorker(place)
    const jobs = site.process(definitions)
    const { id } = await jobs.submit(submission('slow', { lock: 'x' }))
    await expect.poll(() => worker.said('running'), { timeout: 15_000 }).toEqual([id])
    const next = await jobs.submit(submission('slow', { lock: 'x' }))
    await kill(worker)
    const killed = performance.now()
    await site.work(jobs)
    expect(await endOf(jobs, { id })).toMatchObject({ state: 'done', attempt: 2, failures: 0, result: 'test 2' })
    expect(await endOf(jobs, next)).toMatchObject({ state: 'done', attempt: 1 })
    expect(performance.now() - killed).toBeLessThan(8000)
  }, 60_000)

  it('may be paused past its lease: what it does when it wakes has no effect', async () => {
    const worker = startWorker(place)
    const jobs = site.process(definitions)
    const { id } = await jobs.submit(submission('slow', { lock: 'x' }))
    await expect.poll(() => worker.said('running'), { timeout: 15_000 }).toEqual([id])
    worker.process.kill('SIGSTOP')
    await site.work(jobs)
    const ended = await endOf(jobs, { id })
    expect(ended).toMatchObject({ state: 'done', attempt: 2, failures: 0, result: 'test 2' })
    worker.process.kill('SIGCONT')
    await expect.poll(() => worker.said('aborted'), { timeout: 5000 }).toEqual([id])
    await expect.poll(() => worker.said('ended'), { timeout: 5000 }).toEqual([id])
    await sleep(500)
    expect(await jobs.get(id)).toEqual(ended)
    // It waits for nothing of what it lost.
    const [exit] = await Promise.all([once(worker.process, 'exit'), worker.process.kill('SIGTERM')])
    expect(exit[0]).toBe(0)
  }, 60_000)

  it('is asked to end: it gives back what it does, and nothing is lost', async () => {
    const worker = startWorker(place)
    const jobs = site.process(definitions)
    const { id } = await jobs.submit(submission('slow'))
    await expect.poll(() => worker.said('running'), { timeout: 15_000 }).toEqual([id])
    const [exit] = await Promise.all([once(worker.process, 'exit'), worker.process.kill('SIGTERM')])
    expect(exit[0]).toBe(0)
    expect(await jobs.get(id)).toMatchObject({ state: 'queued', attempt: 1, failures: 0 })
    await site.work(jobs)
    expect(await endOf(jobs, { id })).toMatchObject({ state: 'done', attempt: 2 })
  }, 60_000)
})
