import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { anOwnServer, aRedisBus, hasRedisProgram } from '../../test/contracts/bus/redis-server.ts'
import { aJob, createJobsite, endOf, leaseMs, submission } from '../../test/contracts/jobs/fixture.ts'
import { aPlace, newPlace } from '../../test/contracts/jobs/places.ts'

describe.runIf(process.env.LAPUTA_TEST_REDIS_URL && hasRedisProgram)('an outage of Redis', () => {
  it('longer than a lease does not let more run at a time than may', async () => {
    const server = await anOwnServer()
    await server.start()
    const { store, dispose } = await aPlace(newPlace({}))
    const bus = await aRedisBus(server.url, { settings: { command_timeout: 300, connect_timeout: 1500 } })
    const site = createJobsite({
      store,
      bus,
      async dispose() {
        await bus.close()
        await server.stop()
        await dispose()
      },
    })
    let running = 0
    let most = 0
    const jobs = site.process([
      aJob('long', async () => {
        most = Math.max(most, ++running)
        await sleep(6 * leaseMs)
        running--
        return null
      }),
    ])
    await site.work(jobs, { heavy: 0, fast: 1 })
    const first = await jobs.submit(submission('long'))
    await expect.poll(() => running).toBe(1)
    await server.signal('SIGSTOP')
    const second = await jobs.submit(submission('long'))
    await sleep(2 * leaseMs)
    await server.signal('SIGCONT')
    expect(await endOf(jobs, first)).toMatchObject({ state: 'done', attempt: 1 })
    expect(await endOf(jobs, second)).toMatchObject({ state: 'done', attempt: 1 })
    expect(most).toBe(1)
    await site.end()
  }, 60_000)
})
