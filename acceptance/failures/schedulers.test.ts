import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../client.ts'
import type { RoleProcess } from '../role.ts'
import { anInstallation, canBeSplit, type Installation, leaseMs } from './installation.ts'
import { aShop, type Operation } from './shop.ts'
import { aSource, type Source } from './source.ts'

const minuteMs = 60_000

describe.skipIf(!canBeSplit)('schedulers', () => {
  let installation: Installation
  let source: Source
  let client: Client

  beforeAll(async () => {
    ;[installation, source] = await Promise.all([anInstallation(), aSource()])
    await Promise.all([installation.start('web', { args: ['--workers', '1'] }), installation.start('worker')])
    client = await installation.admin()
    await aShop(client, source)
  })
  afterAll(async () => {
    await installation?.remove()
    await source?.close()
  })

  const isActive = (one: RoleProcess) => one.output().includes('this scheduler is active')
  const fired = (one: RoleProcess) => one.output().includes('a schedule fired')

  // A pattern fires each minute at most: that is how long this may take.
  it('fire once, though the active one is killed right before, and the next one right after it', async () => {
    const several = await Promise.all([1, 2, 3].map(() => installation.start('scheduler')))
    await expect.poll(() => several.filter(isActive).length, { timeout: 10_000 }).toBe(1)
    // Enough time for one to die and another to take over before the minute is full.
    const left = minuteMs - (Date.now() % minuteMs)
    if (left < 4 * leaseMs) await sleep(left + 100)
    const every = { name: 'Every minute', cron: '* * * * *', actions: [{ kind: 'refresh' }] }
    const made = await client.send('POST', '/shop/schedules', every)
    expect(made.status).toBe(201)
    const { id } = (await made.json()) as { id: string }
    const runs = async () => {
      const answer = await client.get(`/shop/schedules/${id}/runs`)
      return ((await answer.json()) as { operations: Operation[] }).operations
    }
    await sleep(Math.max(0, minuteMs - (Date.now() % minuteMs) - 3 * leaseMs))
    const [first] = several.filter(isActive)
    const waiting = several.filter((one) => one !== first)
    await first?.end('SIGKILL')
    const killedAt = performance.now()
    await expect.poll(() => waiting.filter(isActive).length, { timeout: 4 * leaseMs }).toBe(1)
    process.stdout.write(`another scheduler was active ${Math.round(performance.now() - killedAt)} ms after a kill\n`)
    expect(first && fired(first)).toBe(false)
    const [second] = waiting.filter(isActive)
    const [third] = waiting.filter((one) => one !== second)
    await expect.poll(async () => (await runs()).length, { timeout: 30_000, interval: 20 }).toBe(1)
    await second?.end('SIGKILL')
    await expect.poll(() => third && isActive(third), { timeout: 4 * leaseMs }).toBe(true)
    // It looks each second.
    await sleep(2500)
    expect(await runs()).toHaveLength(1)
    await expect.poll(runs, { timeout: 10_000 }).toMatchObject([{ state: 'done', job: 'refresh' }])
  })
})
