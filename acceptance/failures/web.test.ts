import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../client.ts'
import { isAlive, type RoleProcess } from '../role.ts'
import { anInstallation, canBeSplit, type Installation } from './installation.ts'
import { aShop, type Shop } from './shop.ts'
import { aSource, type Source } from './source.ts'

describe.skipIf(!canBeSplit)('web processes that are killed', () => {
  let installation: Installation
  let source: Source
  let client: Client
  let shop: Shop
  let web: RoleProcess

  const startWeb = async () => {
    web = await installation.start('web', { args: ['--workers', '2'] })
  }
  beforeAll(async () => {
    ;[installation, source] = await Promise.all([anInstallation(), aSource()])
    await Promise.all([startWeb(), installation.start('worker')])
    client = await installation.admin()
    shop = await aShop(client, source)
  })
  afterEach(() => source.release())
  afterAll(async () => {
    await installation?.remove()
    await source?.close()
  })

  async function killWorkers(): Promise<void> {
    const workers = web.children()
    expect(workers).toHaveLength(2)
    for (const pid of workers) process.kill(pid, 'SIGKILL')
    await expect.poll(() => workers.filter(isAlive)).toEqual([])
  }
  const answers = () => expect.poll(() => shop.numbers().catch(() => null), { timeout: 20_000 }).not.toBeNull()

  /** Sends the first part of a file and leaves the rest for later. Resolves to how it ended. */
  function beginUpload(): { finish(): void; readonly outcome: Promise<number | string> } {
    const upload = request(`${installation.url}/shop/data/sources?stage=staging`, {
      method: 'POST',
      headers: { authorization: `Bearer ${client.token}`, 'content-type': 'multipart/form-data; boundary=b' },
    })
    const outcome = new Promise<number | string>((resolve) => {
      upload.on('response', ({ statusCode = 0 }) => resolve(statusCode))
      upload.on('error', ({ message }) => resolve(message))
    })
    upload.write('--b\r\ncontent-disposition: form-data; name="data"\r\n\r\n{"domain":"file"}\r\n')
    upload.write('--b\r\ncontent-disposition: form-data; name="file"; filename="file.csv"\r\n\r\nid\n1\n2\n')
    return { finish: () => void upload.end('3\n\r\n--b--\r\n'), outcome }
  }
  const rowsOfFile = async () => (await client.data('shop', { domain: 'file', pipeline: [] }, 'staging')).data?.length

  it('an upload is there as a whole or not at all, and can be sent again', async () => {
    const before = await installation.releasesOf('shop')
    const cut = beginUpload()
    await sleep(300)
    await killWorkers()
    expect(await cut.outcome).not.toBe(201)
    await answers()
    expect(await installation.releasesOf('shop')).toBe(before)
    const again = beginUpload()
    again.finish()
    expect(await again.outcome).toBe(201)
    expect(await rowsOfFile()).toBe(3)
    expect(await installation.releasesOf('shop')).toBe(before + 1)
  })

  it('a question that others wait for leaves nothing behind that they would wait for', async () => {
    const connections = (await (await client.get('/shop/connections')).json()) as { id: string }[]
    const live = { kind: 'live', connection: connections[0]?.id, query: { url: '/live' } }
    expect((await client.send('PUT', '/shop/data/domains/live', live)).status).toBeLessThan(300)
    const ask = () => client.data('shop', { domain: 'live', pipeline: [] }, 'staging')
    source.hold()
    const asked = source.asked()
    const asking = Promise.allSettled([ask(), ask(), ask()])
    await expect.poll(() => source.asked(), { timeout: 10_000 }).toBeGreaterThan(asked)
    await killWorkers()
    for (const { status } of await asking) expect(status).toBe('rejected')
    source.number = 7
    source.release()
    await answers()
    const began = performance.now()
    expect(await ask()).toMatchObject({ status: 200, data: [{ key: 1, number: 7 }] })
    // The lock of who computes for others is held for 5 seconds at most, and looked for each second.
    expect(performance.now() - began).toBeLessThan(7500)
  })

  it('what a master began goes on without it, and another one takes its place', async () => {
    const releases = await installation.releasesOf('shop')
    source.number = 9
    source.hold()
    const asked = source.asked()
    const refresh = await shop.begin('preprocess', { 'idempotency-key': 'once' })
    await expect.poll(() => source.asked(), { timeout: 10_000 }).toBe(asked + 1)
    const workers = web.children()
    await web.end('SIGKILL')
    // The port is free for the next one.
    await expect.poll(() => workers.filter(isAlive), { timeout: 10_000 }).toEqual([])
    await startWeb()
    // A client that saw its connection break sends its request again.
    expect(await shop.begin('preprocess', { 'idempotency-key': 'once' })).toBe(refresh)
    source.release()
    expect(await shop.ended(refresh)).toMatchObject({ state: 'done', attempt: 1 })
    expect(await shop.numbers('staging')).toEqual([9, 9])
    expect(await installation.releasesOf('shop')).toBe(releases + 1)
  })
})
