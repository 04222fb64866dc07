import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { z } from 'zod'
import { silentLog, systemClock } from '../../src/base/index.ts'
import { openBus } from '../../src/bus/index.ts'
import { loadConfig } from '../../src/config/index.ts'
import { createJobs, defineJob } from '../../src/jobs/index.ts'
import { openStore } from '../../src/store/index.ts'
import { redis } from '../../test/services/redis.ts'
import { findServer } from '../../test/services/server.ts'
import { type Figure, median } from './measure.ts'

const concurrency = 50
const inFlight = 50
const jobsEach = 2000
const rounds = 5
/** Until then both mostly wait for the compiler. */
const warmUp = 6000

/** A no-op job, submitted and run: with its operation record, and bare. Both on one Redis server that is started for it. */
export async function benchJobs(): Promise<Figure[]> {
  const { running, problem } = await findServer(redis)
  if (!running) throw new Error(`There is no Redis server: ${problem}.`)
  const home = mkdtempSync(join(tmpdir(), 'laputa-bench-'))
  try {
    const ours = await openOurs(home, running.url)
    const bare = await openBare(running.url)
    const rates: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] }
    await ours.run(warmUp)
    await bare.run(warmUp)
    for (let round = 0; round < rounds; round++) {
      rates.ours.push(await rateOf(ours.run))
      rates.bare.push(await rateOf(bare.run))
    }
    await ours.close()
    await bare.close()
    const ratios = rates.ours.map((rate, round) => rate / (rates.bare[round] ?? Number.NaN))
    return [
      {
        name: `no-op jobs with records in SQLite, queued in Redis ${running.version}`,
        value: median(rates.ours),
        unit: '/s',
      },
      { name: 'no-op jobs of bare BullMQ', value: median(rates.bare), unit: '/s' },
      { name: `the one by the other (median of ${rounds} rounds)`, value: median(ratios), unit: '×', bound: '≥ 0.5' },
    ]
  } finally {
    rmSync(home, { recursive: true, force: true })
    await running.stop()
  }
}

interface Contender {
  /** Submits so many jobs, and ends when all of them have ended. */
  run(count: number): Promise<void>
  close(): Promise<void>
}

async function rateOf(run: Contender['run']): Promise<number> {
  const started = performance.now()
  await run(jobsEach)
  return jobsEach / ((performance.now() - started) / 1000)
}

async function openOurs(home: string, url: string): Promise<Contender> {
  const deps = { clock: systemClock, log: silentLog }
  const { redis, jobs: settings } = loadConfig({ env: {} })
  const store = await openStore({ kind: 'sqlite', home }, deps)
  const bus = await openBus({ kind: 'redis', redis: { ...redis, url } }, deps)
  let begun = 0
  const nothing = defineJob({
    name: 'nothing',
    version: 1,
    queue: 'fast',
    args: z.strictObject({}),
    retries: 0,
    run: async () => {
      begun += 1
      return null
    },
  })
  const jobs = createJobs({ ...deps, store, bus, definitions: [nothing], settings, owner: 'bench' })
  const workers = await jobs.work({ heavy: 0, fast: concurrency })
  const submission = { job: 'nothing', args: {}, app: 'shop', stage: null, by: null, requestId: null }
  return {
    async run(count) {
      begun = 0
      await submitAll(count, () => jobs.submit(submission))
      // Asking for the records costs them time too: not before the end is near.
      while (begun < count) await sleep(2)
      while ((await jobs.list({ states: ['queued', 'running'], limit: 1 })).length > 0) await sleep(2)
    },
    async close() {
      await workers.drain(1000)
      await bus.close()
      await store.close()
    },
  }
}

async function openBare(url: string): Promise<Contender> {
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  const queue = new Queue('bare', { connection, defaultJobOptions: { removeOnComplete: true } })
  let ended = 0
  const worker = new Worker('bare', async () => null, { connection, concurrency })
  worker.on('completed', () => {
    ended += 1
  })
  await worker.waitUntilReady()
  return {
    async run(count) {
      ended = 0
      let number = 0
      await submitAll(count, () => queue.add('nothing', { id: String(number++) }))
      while (ended < count) await sleep(2)
    },
    async close() {
      await worker.close()
      await queue.close()
      connection.disconnect()
    },
  }
}

async function submitAll(count: number, submit: () => Promise<unknown>): Promise<void> {
  let left = count
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await submit()
    }),
  )
}
