/** A process that runs jobs of the place in its first argument, after it has submitted those in its second one. It says what it does. */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { newId, silentLog, systemClock } from '../../../src/base/index.ts'
import { createJobs } from '../../../src/jobs/index.ts'
import { aJob, leaseMs, submission } from './fixture.ts'
import { openPlace } from './places.ts'

const say = (line: string) => writeSync(1, `${line}\n`)

const { store, bus } = await openPlace(JSON.parse(process.argv[2] ?? '{}'))
const jobs = createJobs({
  store,
  bus,
  clock: systemClock,
  log: silentLog,
  settings: { lease: leaseMs, keep: 3_600_000, idempotency: 3_600_000 },
  owner: newId(Date.now()),
  definitions: [
    aJob(
      'slow',
      async ({ operation, attempt, signal }) => {
        signal.addEventListener('abort', () => say(`aborted ${operation}`))
        say(`running ${operation}`)
        await sleep(3000)
        say(`ended ${operation}`)
        return `worker ${attempt}`
      },
      { locks: true },
    ),
    aJob('poison', async ({ operation }) => {
      say(`running ${operation}`)
      process.kill(process.pid, 'SIGKILL')
      return sleep(10_000).then(() => null)
    }),
  ],
})
for (const [job, count] of Object.entries(JSON.parse(process.argv[3] ?? '{}'))) {
  for (let n = 0; n < Number(count); n++) {
    const { id } = await jobs.submit(submission(job, { lock: `${job} ${n}` }))
    say(`submitted ${id}`)
  }
}
const workers = await jobs.work({ heavy: 0, fast: 2 })
process.on('SIGTERM', async () => {
  await workers.drain(0)
  await bus.close()
  await store.close()
  say('drained')
  process.exit(0)
})
say('working')
