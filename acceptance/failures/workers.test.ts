import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../client.ts'
import type { RoleProcess } from '../role.ts'
import { anInstallation, canBeSplit, type Installation, leaseMs } from './installation.ts'
import { aShop, type Shop } from './shop.ts'
import { aSource, type Source } from './source.ts'

describe.skipIf(!canBeSplit)('workers that are held up or die', () => {
  let installation: Installation
  let source: Source
  let client: Client
  let shop: Shop
  let worker: RoleProcess

  const startWorker = async () => {
    worker = await installation.start('worker', { args: ['--heavy', '2', '--fast', '2'] })
  }
  beforeAll(async () => {
    ;[installation, source] = await Promise.all([anInstallation(), aSource()])
    await Promise.all([installation.start('web', { args: ['--workers', '1'] }), startWorker()])
    client = await installation.admin()
    shop = await aShop(client, source)
  })
  afterEach(() => source.release())
  afterAll(async () => {
    await installation?.remove()
    await source?.close()
  })

  const reading = (asked: number) =>
    expect.poll(() => source.asked(), { timeout: 20_000 }).toBeGreaterThanOrEqual(asked)

  it('lets another one finish what a paused worker had, and refuses what the sleeper does when it wakes', async () => {
    const releases = await installation.releasesOf('shop')
    const asked = source.asked()
    source.number = 1
    source.hold()
    const refresh = await shop.begin('preprocess')
    await reading(asked + 1)
    worker.process.kill('SIGSTOP')
    const sleeper = worker
    await startWorker()
    // The other one takes it after a lease, asks the source too, and is done.
    await reading(asked + 2)
    source.release()
    const ended = await shop.ended(refresh)
    expect(ended).toMatchObject({ state: 'done', attempt: 2, error: null })
    expect(await shop.numbers('staging')).toEqual([1, 1])
    expect(await installation.releasesOf('shop')).toBe(releases + 1)

    source.number = 2
    sleeper.process.kill('SIGCONT')
    await sleep(leaseMs + 1000)
    expect(await shop.operation(refresh)).toEqual(ended)
    expect(await shop.numbers('staging')).toEqual([1, 1])
    expect(await installation.releasesOf('shop')).toBe(releases + 1)
    // It is of use again, and the lock is free.
    await worker.end()
    worker = sleeper
    await shop.publish()
    expect(await shop.numbers()).toEqual([2, 2])
    expect(await installation.releasesOf('shop')).toBe(releases + 2)
  })

  it('begins a refresh anew when its worker is killed, and gives its lock to the next one after that', async () => {
    const releases = await installation.releasesOf('shop')
    const asked = source.asked()
    source.number = 3
    source.hold()
    const refresh = await shop.begin('preprocess')
    await reading(asked + 1)
    // Waits for the lock that the dead one holds.
    const next = await shop.begin('preprocess')
    await worker.end('SIGKILL')
    await startWorker()
    const began = performance.now()
    await reading(asked + 2)
    expect(performance.now() - began).toBeLessThan(4 * leaseMs)
    source.release()
    expect(await shop.ended(refresh)).toMatchObject({ state: 'done', attempt: 2 })
    expect(await shop.ended(next)).toMatchObject({ state: 'done', attempt: 1 })
    expect(await shop.numbers('staging')).toEqual([3, 3])
    expect(await installation.releasesOf('shop')).toBe(releases + 2)
  })

  it('reads an uploaded file once more when its worker is killed, and shows all of it or nothing', async () => {
    const rows = 20_000
    const csv = `id,name\n${Array.from({ length: rows }, (_, id) => `${id},name ${id % 997}`).join('\n')}\n`
    for (const delay of [100, 400]) {
      const releases = await installation.releasesOf('shop')
      const began = await client.upload('shop', 'file', csv, { prefer: 'respond-async' })
      expect(began.status).toBe(202)
      const { operation_id: id } = (await began.json()) as { operation_id: string }
      await sleep(delay)
      await worker.end('SIGKILL')
      await startWorker()
      expect(await shop.ended(id)).toMatchObject({ state: 'done', error: null })
      const { pagination_info: page } = await client.data('shop', { domain: 'file', pipeline: [], limit: 1 }, 'staging')
      expect(page.pagination_info.total_rows).toBe(rows)
      expect(await installation.releasesOf('shop')).toBe(releases + 1)
    }
  })

  it('publishes wholly, and what was confirmed stays, when its worker is killed meanwhile', async () => {
    for (const [round, delay] of [0, 25].entries()) {
      source.number = 10 + round
      const before = await shop.numbers()
      expect((await shop.ended(await shop.begin('preprocess'))).state).toBe('done')
      const release = await shop.begin('release')
      await sleep(delay)
      await worker.end('SIGKILL')
      const between = await shop.numbers()
      expect([before, [10 + round, 10 + round]]).toContainEqual(between)
      await startWorker()
      expect(await shop.ended(release)).toMatchObject({ state: 'done', error: null })
      expect(await shop.numbers()).toEqual([10 + round, 10 + round])
    }
    const operations = await shop.operations()
    expect(operations.filter(({ state }) => state !== 'done')).toEqual([])
  })
})
