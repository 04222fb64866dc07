import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../client.ts'
import type { RoleProcess } from '../role.ts'
import { anInstallation, canBeSplit, type Installation, leaseMs } from './installation.ts'
import { askOnAndOn } from './reader.ts'
import { aShop, type Shop } from './shop.ts'
import { aSource, type Source } from './source.ts'

/** MongoDB comes back with everything that it had. */
describe.skipIf(!canBeSplit)('while MongoDB is away', () => {
  let installation: Installation
  let source: Source
  let client: Client
  let shop: Shop
  let web: RoleProcess

  beforeAll(async () => {
    ;[installation, source] = await Promise.all([anInstallation(), aSource()])
    ;[web] = await Promise.all([installation.start('web', { args: ['--workers', '2'] }), installation.start('worker')])
    client = await installation.admin()
    shop = await aShop(client, source)
  })
  afterEach(() => source.release())
  afterAll(async () => {
    await installation?.remove()
    await source?.close()
  })

  it('requests are answered with 503 and the reason in time, and with the right rows as soon as it is back', async () => {
    const ask = async () => {
      const response = await client.send('POST', '/shop/data', { domain: 'one', pipeline: [] })
      const { data, code } = (await response.json()) as { data?: object[]; code?: string }
      return { status: response.status, code, data }
    }
    const workers = web.children()
    const asking = askOnAndOn(ask, { times: 4, pauseMs: 20 })
    await sleep(500)
    await installation.mongo.stop()
    await expect
      .poll(() => web.probe('/health/ready'), { timeout: 10_000 })
      .toMatchObject({
        status: 503,
        body: { status: 'failed', failed: ['store'] },
      })
    expect(await web.probe('/health/live')).toMatchObject({ status: 200 })
    expect(await ask()).toMatchObject({ status: 503, code: 'storage_failed' })
    await sleep(1000)
    await installation.mongo.start()
    await expect.poll(ask, { timeout: 15_000 }).toMatchObject({ status: 200 })
    const answers = await asking.stop()
    for (const { answer, error, tookMs } of answers) {
      expect(error).toBeUndefined()
      if (answer?.status === 200) expect(answer.data).toEqual([{ key: 1, number: 0 }])
      else expect(answer).toMatchObject({ status: 503, code: 'storage_failed' })
      // `mongo.server_timeout` is a second.
      expect(tookMs).toBeLessThan(5000)
    }
    expect(answers.at(-1)?.answer?.status).toBe(200)
    expect(web.children()).toEqual(workers)
    await expect.poll(() => web.probe('/health/ready'), { timeout: 10_000 }).toMatchObject({ status: 200 })
  })

  it('a job that runs goes on, and has its effect once', async () => {
    const releases = await installation.releasesOf('shop')
    const asked = source.asked()
    source.number = 8
    source.hold()
    const refresh = await shop.begin('preprocess')
    await expect.poll(() => source.asked(), { timeout: 10_000 }).toBe(asked + 1)
    await installation.mongo.stop()
    await sleep(leaseMs + 1000)
    // It reads while it cannot write.
    source.release()
    await sleep(500)
    await installation.mongo.start()
    expect(await shop.ended(refresh)).toMatchObject({ state: 'done', error: null })
    process.stdout.write('T ' + new Date().toISOString() + '\n'); try { expect(await shop.numbers('staging')).toEqual([8, 8]) } catch (e) { process.stdout.write(web.output().split('\n').filter(l => l.includes('"level":50') || l.includes('"level":40')).slice(-4).join('\n').slice(0, 9000)); throw e }
    expect(await installation.releasesOf('shop')).toBe(releases + 1)
    const release = await shop.begin('release')
    expect(await shop.ended(release)).toMatchObject({ state: 'done', error: null })
    expect(await shop.numbers()).toEqual([8, 8])
  })
})
