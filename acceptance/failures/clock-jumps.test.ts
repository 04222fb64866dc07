import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { Client } from '../client.ts'
import { canBeSplit, leaseMs } from './installation.ts'
import { aShop, type Operation, type Shop } from './shop.ts'
import { aSource, type Source } from './source.ts'
import { oneProcess, severalProcesses, type WrongMachine } from './wrong-machine.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const kinds = [
  { name: 'of an instance in one process', start: oneProcess, canRun: true },
  { name: 'of one machine of two', start: severalProcesses, canRun: canBeSplit },
]

for (const { name, start, canRun } of kinds) {
  describe.skipIf(!canRun)(`a clock that jumps ${name}`, () => {
    let machine: WrongMachine
    let source: Source
    let client: Client
    let shop: Shop

    beforeAll(async () => {
      ;[machine, source] = await Promise.all([start(), aSource()])
      client = await machine.signIn()
      shop = await aShop(client, source)
    })
    afterEach(async () => {
      source.release()
      await machine.clock.set(0)
    })
    afterAll(async () => {
      await machine?.remove()
      await source?.close()
    })

    /** Puts the clock to each of these, one after the other. */
    async function jump(...clocks: readonly number[]): Promise<void> {
      for (const wrongBy of clocks) {
        await machine.clock.set(wrongBy)
        await sleep(leaseMs / 2)
      }
    }

    it('leaves what a worker had that died to another one, after a lease at most', async () => {
      const asked = source.asked()
      source.number = 1
      source.hold()
      const refresh = await shop.begin('preprocess')
      await expect.poll(() => source.asked(), { timeout: 10_000 }).toBe(asked + 1)
      await jump(2 * dayMs, -hourMs)
      await machine.killWorker()
      const began = performance.now()
      await expect.poll(() => source.asked(), { timeout: 20_000 }).toBe(asked + 2)
      // A lease, what looking for such ones takes, and some for a machine that has other work.
      expect(performance.now() - began).toBeLessThan(3 * leaseMs)
      await machine.clock.set(0)
      source.release()
      expect(await shop.ended(refresh)).toMatchObject({ state: 'done', attempt: 2 })
      expect(source.asked()).toBe(asked + 3)
      expect(await shop.numbers('staging')).toEqual([1, 1])
    })

    it('neither ends nor repeats what runs, nor keeps from running what waits for it', async () => {
      const asked = source.asked()
      source.number = 2
      source.hold()
      const refresh = await shop.begin('preprocess')
      await expect.poll(() => source.asked(), { timeout: 10_000 }).toBe(asked + 1)
      const next = await shop.begin('preprocess')
      await jump(hourMs, -hourMs, 2 * dayMs, -2 * dayMs, 0)
      expect(source.asked()).toBe(asked + 1)
      expect(await shop.operation(refresh)).toMatchObject({ state: 'running', attempt: 1 })
      const began = performance.now()
      source.release()
      expect(await shop.ended(refresh)).toMatchObject({ state: 'done', attempt: 1 })
      expect(await shop.ended(next)).toMatchObject({ state: 'done', attempt: 1 })
      expect(performance.now() - began).toBeLessThan(2 * leaseMs)
      // Once for each domain of each.
      expect(source.asked()).toBe(asked + 4)
      expect(await shop.numbers('staging')).toEqual([2, 2])
    })

    it('lets a schedule fire no time twice, and not stand still', async () => {
      const every = { name: 'Every minute', cron: '* * * * *', actions: [{ kind: 'refresh' }] }
      const made = await client.send('POST', '/shop/schedules', every)
      expect(made.status).toBe(201)
      const { id } = (await made.json()) as { id: string }
      const fires = async () => {
        const answer = await client.get(`/shop/schedules/${id}/runs`)
        const { operations } = (await answer.json()) as { operations: (Operation & { labels: { run: string } })[] }
        return operations.map(({ labels }) => labels.run.slice(id.length + 1))
      }
      const minute = Math.ceil(Date.now() / minuteMs) * minuteMs + minuteMs
      const key = new Date(minute).toISOString()
      /** Right before the minute is full, and over that. */
      const pass = async () => {
        await machine.clock.set(minute - 500 - Date.now())
        await sleep(1700)
      }
      await pass()
      await expect.poll(fires, { timeout: 5000 }).toContain(key)
      await jump(hourMs, 2 * dayMs)
      await pass()
      await jump(-hourMs, -2 * dayMs)
      await pass()
      const all = await fires()
      expect(new Set(all).size).toBe(all.length)
      // Times that came while the clock was wrong have been fired too.
      expect(all.length).toBeGreaterThan(2)
      for (const operation of await shop.operations())
        expect(await shop.ended(operation.id)).toMatchObject({ state: 'done' })
    })

    it('keeps nobody signed in for longer than the clock says, and nobody out', async () => {
      const who = async (one: Client) => (await one.get('/me')).status
      for (const [wrongBy, status] of [
        [hourMs, 200],
        [2 * dayMs, 401],
        [-hourMs, 200],
        [-2 * dayMs, 200],
      ] as const) {
        await machine.clock.set(wrongBy)
        expect([wrongBy, await who(client)]).toEqual([wrongBy, status])
      }
      expect(await who(await machine.signIn())).toBe(200)
    })

    it('opens one connection for a ticket, and none for one that is over', async () => {
      const ticket = async () =>
        ((await (await client.send('POST', '/live/ticket')).json()) as { ticket: string }).ticket
      const opens = (ticket: string) =>
        new Promise<boolean>((resolve) => {
          const socket = new WebSocket(`${machine.liveUrl.replace(/^http/, 'ws')}/live`, ['laputa', `ticket.${ticket}`])
          socket.on('error', () => resolve(false))
          socket.on('open', () => {
            resolve(true)
            socket.terminate()
          })
        })
      const [one, other] = [await ticket(), await ticket()]
      await machine.clock.set(-hourMs)
      expect(await opens(other)).toBe(true)
      expect(await opens(other)).toBe(false)
      await machine.clock.set(hourMs)
      expect(await opens(one)).toBe(false)
      await machine.clock.set(0)
      expect(await opens(other)).toBe(false)
      expect(await opens(await ticket())).toBe(true)
    })
  })
}
