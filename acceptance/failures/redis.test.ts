import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../client.ts'
import type { RoleProcess } from '../role.ts'
import { anInstallation, canBeSplit, type Installation, leaseMs } from './installation.ts'
import { endsHeard, listen } from './listener.ts'
import { askOnAndOn } from './reader.ts'
import { aShop, type Shop } from './shop.ts'
import { aSource, type Source } from './source.ts'

/** Redis comes back with nothing of what it had. */
describe.skipIf(!canBeSplit)('while Redis is away', () => {
  let installation: Installation
  let source: Source
  let client: Client
  let shop: Shop
  let worker: RoleProcess

  const startWorker = async () => {
    worker = await installation.start('worker')
  }
  beforeAll(async () => {
    ;[installation, source] = await Promise.all([anInstallation(), aSource()])
    await Promise.all([
      installation.start('web', { args: ['--workers', '2'] }),
      installation.start('live'),
      startWorker(),
    ])
    client = await installation.admin()
    shop = await aShop(client, source)
  })
  afterEach(() => source.release())
  afterAll(async () => {
    await installation?.remove()
    await source?.close()
  })

  const canSignIn = () =>
    installation.admin().then(
      () => true,
      () => false,
    )

  it('no request for rows fails, and everything works again by itself', async () => {
    let n = 0
    // Some of the same again, which caches answer, and some that nobody has asked yet.
    const ask = async () => {
      const wanted = ++n % 2 === 0 ? 0 : n
      const pipeline = [{ name: 'formula', new_column: 'asked', formula: `number + ${wanted}` }]
      const { status, data } = await client.data('shop', { domain: 'one', pipeline })
      return { status, right: data?.length === 1 && data[0]?.asked === wanted }
    }
    const asking = askOnAndOn(ask, { times: 4, pauseMs: 10 })
    await sleep(1000)
    await installation.redis.stop()
    expect(await canSignIn()).toBe(false)
    await sleep(3000)
    await installation.redis.start()
    await expect.poll(canSignIn, { timeout: 15_000 }).toBe(true)
    await sleep(500)
    const answers = await asking.stop()
    expect(answers.length).toBeGreaterThan(50)
    const wrong = answers.filter(({ answer }) => answer?.status !== 200 || !answer.right)
    expect(wrong).toEqual([])
    const slowest = Math.round(Math.max(...answers.map(({ tookMs }) => tookMs)))
    process.stdout.write(`without Redis: ${answers.length} answers, the slowest after ${slowest} ms\n`)
  })

  it('jobs that run and jobs that wait are done once, and listeners hear of their ends', async () => {
    const listener = await listen(client, installation.liveUrl)
    try {
      const releases = await installation.releasesOf('shop')
      const asked = source.asked()
      source.number = 5
      source.hold()
      const running = await shop.begin('preprocess')
      await expect.poll(() => source.asked(), { timeout: 10_000 }).toBe(asked + 1)
      // For the lock of the first one.
      const waiting = await shop.begin('preprocess')
      await installation.redis.stop()
      const begunWithout = await shop.begin('release')
      await sleep(leaseMs + 1000)
      await installation.redis.start()
      source.release()
      const ids = [running, waiting, begunWithout]
      for (const id of ids) expect(await shop.ended(id)).toMatchObject({ state: 'done', error: null })
      expect(await shop.numbers('staging')).toEqual([5, 5])
      expect(await installation.releasesOf('shop')).toBe(releases + 2)
      const ends = () => ids.map((id) => new Set(endsHeard(listener, id)))
      await expect.poll(ends, { timeout: 15_000 }).toEqual(ids.map(() => new Set(['operation.done'])))
      // What happens now is heard as before.
      source.number = 6
      await shop.publish()
      expect(await shop.numbers()).toEqual([6, 6])
      const [release] = await shop.operations()
      await expect.poll(() => endsHeard(listener, release?.id ?? ''), { timeout: 10_000 }).toContain('operation.done')
    } finally {
      await listener.close()
    }
  })

  it('jobs that stood in no queue but its own are done when a worker comes', async () => {
    await worker.end()
    const releases = await installation.releasesOf('shop')
    const ids = [await shop.begin('preprocess'), await shop.begin('release'), await shop.begin('preprocess')]
    await installation.redis.stop()
    await installation.redis.start()
    await startWorker()
    for (const id of ids) expect(await shop.ended(id)).toMatchObject({ state: 'done', attempt: 1, error: null })
    expect(await installation.releasesOf('shop')).toBe(releases + 2)
  })
})
