import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bus } from '../../src/bus/index.ts'

export interface BusUnderTest {
  readonly bus: Bus
  /** Lets at least so many milliseconds pass for the bus: a test clock is moved, a real server is waited for. */
  passTime(ms: number): Promise<void>
}

/** What every bus must do. `open` gives an empty one with a cache of at least 1 MB; the suite closes it. */
export function busContract(name: string, open: () => Promise<BusUnderTest>): void {
  describe(`${name}: bus contract`, () => {
    let bus: Bus
    let passTime: BusUnderTest['passTime']

    beforeEach(async () => {
      const opened = await open()
      bus = opened.bus
      passTime = opened.passTime
    })
    afterEach(() => bus.close())

    describe('cache', () => {
      it('gives the bytes that were set, null for others', async () => {
        const bytes = Buffer.from([0, 255, 10, 13, 0])
        await bus.cache.set('a', bytes, 1000)
        expect(await bus.cache.get('a')).toEqual(bytes)
        expect(await bus.cache.get('b')).toBeNull()
        expect(await bus.cache.get('A')).toBeNull()
      })

      it('keeps empty values and values of many kilobytes', async () => {
        const large = Buffer.alloc(500_000, 'x')
        await bus.cache.set('empty', Buffer.alloc(0), 1000)
        await bus.cache.set('large', large, 1000)
        expect(await bus.cache.get('empty')).toEqual(Buffer.alloc(0))
        expect((await bus.cache.get('large'))?.equals(large)).toBe(true)
      })

      it('takes odd keys', async () => {
        for (const key of ['', '__proto__', 'constructor', 'ключ 🗝', 'a\u0000b', 'a b\nc:*?[', 'k'.repeat(5000)]) {
          await bus.cache.set(key, Buffer.from(key), 1000)
          expect(await bus.cache.get(key)).toEqual(Buffer.from(key))
        }
        expect(await bus.cache.get('toString')).toBeNull()
      })

      it('replaces a value together with its time', async () => {
        await bus.cache.set('a', Buffer.from('1'), 200)
        await bus.cache.set('a', Buffer.from('2'), 60_000)
        await passTime(250)
        expect(await bus.cache.get('a')).toEqual(Buffer.from('2'))
      })

      it('forgets a value after its time, and not long before', async () => {
        await bus.cache.set('short', Buffer.from('1'), 200)
        await bus.cache.set('long', Buffer.from('2'), 60_000)
        expect(await bus.cache.get('short')).not.toBeNull()
        await passTime(200)
        expect(await bus.cache.get('short')).toBeNull()
        expect(await bus.cache.get('long')).not.toBeNull()
      })

      it('does not prolong a value when it is read', async () => {
        await bus.cache.set('a', Buffer.from('1'), 300)
        await passTime(150)
        await bus.cache.get('a')
        await passTime(150)
        expect(await bus.cache.get('a')).toBeNull()
      })

      it.each([0, -1, Number.NaN])('keeps nothing for %d ms, nor the value before', async (ttlMs) => {
        await bus.cache.set('a', Buffer.from('1'), 1000)
        await bus.cache.set('a', Buffer.from('2'), ttlMs)
        expect(await bus.cache.get('a')).toBeNull()
      })

      it('does not put a value of a smaller order over one of a larger', async () => {
        const set = (text: string, order: number) =>
          bus.cache.setInOrder('a', Buffer.from(text), { ttlMs: 60_000, order })
        const now = 1_800_000_000_000
        expect(await set('second', now + 2)).toBe(true)
        expect(await set('first', now + 1)).toBe(false)
        expect(await bus.cache.get('a')).toEqual(Buffer.from('second'))
        expect(await set('again', now + 2)).toBe(true)
        expect(await set('third', now + 3)).toBe(true)
        expect(await bus.cache.get('a')).toEqual(Buffer.from('third'))
      })

      it('knows no order of values that are over, removed, or were set without one', async () => {
        const set = (order: number, ttlMs: number) =>
          bus.cache.setInOrder('a', Buffer.from(`${order}`), { ttlMs, order })
        await set(9, 200)
        await passTime(250)
        expect(await set(1, 60_000)).toBe(true)
        await bus.cache.remove('a')
        expect(await set(0, 60_000)).toBe(true)
        await set(9, 60_000)
        await bus.cache.set('a', Buffer.from('plain'), 60_000)
        expect(await bus.cache.get('a')).toEqual(Buffer.from('plain'))
        expect(await set(2, 60_000)).toBe(true)
        expect(await bus.cache.get('a')).toEqual(Buffer.from('2'))
        expect(await set(3, 200)).toBe(true)
        await passTime(250)
        expect(await bus.cache.get('a')).toBeNull()
      })

      it('removes, also what is not there', async () => {
        await bus.cache.set('a', Buffer.from('1'), 1000)
        await bus.cache.remove('a')
        await bus.cache.remove('a')
        expect(await bus.cache.get('a')).toBeNull()
      })

      it('shares no memory with those who set and get', async () => {
        const given = Buffer.from('safe')
        await bus.cache.set('a', given, 1000)
        given.fill('x')
        const got = await bus.cache.get('a')
        expect(got?.toString()).toBe('safe')
        got?.fill('y')
        expect((await bus.cache.get('a'))?.toString()).toBe('safe')
      })
    })

    describe('counters', () => {
      it('count each key from 1', async () => {
        expect(await bus.increment('a', 5000)).toBe(1)
        expect(await bus.increment('a', 5000)).toBe(2)
        expect(await bus.increment('b', 5000)).toBe(1)
        expect(await bus.increment('__proto__', 5000)).toBe(1)
      })

      it('lose no call of many at once', async () => {
        const counts = await Promise.all(Array.from({ length: 50 }, () => bus.increment('a', 5000)))
        expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
      })

      it('start again when the window is over', async () => {
        await bus.increment('a', 200)
        await bus.increment('a', 200)
        await passTime(200)
        expect(await bus.increment('a', 200)).toBe(1)
      })

      it('have the window of the first call: later ones neither move nor stretch it', async () => {
        await bus.increment('a', 400)
        await passTime(250)
        expect(await bus.increment('a', 60_000)).toBe(2)
        await passTime(200)
        expect(await bus.increment('a', 400)).toBe(1)
      })

      it('are ended by reset, and only that one', async () => {
        await bus.increment('a', 5000)
        await bus.increment('b', 5000)
        await bus.reset('a')
        await bus.reset('unknown')
        expect(await bus.increment('a', 5000)).toBe(1)
        expect(await bus.increment('b', 5000)).toBe(2)
      })

      it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuse a window of %d ms', async (windowMs) => {
        await expect(bus.increment('a', windowMs)).rejects.toMatchObject({ code: 'internal' })
      })
    })

    describe('locks', () => {
      it('are held by one at a time, each key by itself', async () => {
        const first = await bus.lock('a', 5000)
        expect(first).toMatchObject({ key: 'a' })
        expect(await bus.lock('a', 5000)).toBeNull()
        expect(await bus.lock('b', 5000)).not.toBeNull()
        await first?.release()
        expect(await bus.lock('a', 5000)).not.toBeNull()
      })

      it('give one of many that ask at once', async () => {
        const leases = await Promise.all(Array.from({ length: 50 }, () => bus.lock('a', 5000)))
        expect(leases.filter((lease) => lease !== null)).toHaveLength(1)
      })

      it('have tokens that grow with every holder', async () => {
        let last = 0
        for (let holder = 0; holder < 20; holder++) {
          const lease = (await bus.lock('a', 5000))!
          expect(Number.isSafeInteger(lease.token)).toBe(true)
          expect(lease.token).toBeGreaterThan(last)
          last = lease.token
          await lease.release()
        }
      })

      it('end with the lease', async () => {
        const first = (await bus.lock('a', 200))!
        await passTime(200)
        const second = await bus.lock('a', 5000)
        expect(second?.token).toBeGreaterThan(first.token)
      })

      it('cannot be renewed or released by who held them before', async () => {
        const first = (await bus.lock('a', 200))!
        await passTime(200)
        const second = (await bus.lock('a', 5000))!
        expect(await first.renew()).toBe(false)
        await first.release()
        expect(await bus.lock('a', 5000)).toBeNull()
        expect(await second.renew()).toBe(true)
      })

      it('cannot be renewed once the lease is over, even when nobody else took them', async () => {
        const lease = (await bus.lock('a', 200))!
        await passTime(200)
        expect(await lease.renew()).toBe(false)
        expect(await bus.lock('a', 200)).not.toBeNull()
      })

      it('are held longer when renewed: by the length of the lease, from then on', async () => {
        const lease = (await bus.lock('a', 400))!
        await passTime(250)
        expect(await lease.renew()).toBe(true)
        await passTime(250)
        expect(await bus.lock('a', 400)).toBeNull()
        await passTime(150)
        expect(await bus.lock('a', 400)).not.toBeNull()
      })

      it('are not renewed after their release, and can be released twice', async () => {
        const first = (await bus.lock('a', 5000))!
        await first.release()
        expect(await first.renew()).toBe(false)
        await bus.lock('a', 5000)
        await first.release()
        expect(await bus.lock('a', 5000)).toBeNull()
      })

      it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuse a lease of %d ms', async (leaseMs) => {
        await expect(bus.lock('a', leaseMs)).rejects.toMatchObject({ code: 'internal' })
      })
    })

    describe('messages', () => {
      /** A subscription and what came; `next` waits until so many messages are there. */
      async function listen(channel: string) {
        const received: unknown[] = []
        const end = await bus.subscribe(channel, (payload) => received.push(payload))
        return { received, end, next: (count: number) => expect.poll(() => received.length).toBe(count) }
      }

      /** By then, everything published before has arrived everywhere. */
      async function settled(): Promise<void> {
        const last = await listen('settled')
        await bus.publish('settled', null)
        await last.next(1)
        await last.end()
      }

      it('reach everyone who subscribed to the channel, in order, and nobody else', async () => {
        const one = await listen('a')
        const two = await listen('a')
        const other = await listen('b')
        for (let n = 0; n < 20; n++) await bus.publish('a', { n })
        await one.next(20)
        await two.next(20)
        const expected = Array.from({ length: 20 }, (_, n) => ({ n }))
        expect(one.received).toEqual(expected)
        expect(two.received).toEqual(expected)
        await settled()
        expect(other.received).toEqual([])
      })

      it('carry every kind of JSON', async () => {
        const payloads = [
          null,
          true,
          0,
          -1.5,
          '',
          'é\u0000🗝',
          [],
          {},
          { a: [1, { b: null }] },
          JSON.parse('{"__proto__": {"x": 1}}'),
        ]
        const { received, next } = await listen('a')
        for (const payload of payloads) await bus.publish('a', payload)
        await next(payloads.length)
        expect(received.map((payload) => JSON.stringify(payload))).toEqual(
          payloads.map((payload) => JSON.stringify(payload)),
        )
      })

      it.each([undefined, 1n, () => 1])('refuse what is not JSON (%s)', async (payload) => {
        await expect(bus.publish('a', payload as never)).rejects.toMatchObject({ code: 'internal' })
      })

      it('are nobody else’s object: neither the sender’s nor another receiver’s', async () => {
        const sent = { list: [1] }
        const seen: unknown[] = []
        await bus.subscribe('a', (payload) => {
          const { list } = payload as { list: number[] }
          seen.push([...list])
          list.push(99)
        })
        const { received, next } = await listen('a')
        await bus.publish('a', sent)
        sent.list.push(2)
        await next(1)
        expect(seen).toEqual([[1]])
        expect(received).toEqual([{ list: [1] }])
      })

      it('are delivered after publish has returned', async () => {
        let arrived = false
        await bus.subscribe('a', () => {
          arrived = true
        })
        const publishing = bus.publish('a', 1)
        expect(arrived).toBe(false)
        await publishing
        await expect.poll(() => arrived).toBe(true)
      })

      it('reach the others when a receiver throws or rejects', async () => {
        await bus.subscribe('a', () => {
          throw new Error('planted')
        })
        await bus.subscribe('a', async () => {
          throw new Error('planted')
        })
        const { next } = await listen('a')
        await bus.publish('a', 1)
        await bus.publish('a', 2)
        await next(2)
      })

      it('do not come from before the subscription, nor after its end', async () => {
        await bus.publish('a', 'before')
        await settled()
        const ended = await listen('a')
        const staying = await listen('a')
        await bus.publish('a', 'during')
        await ended.next(1)
        await ended.end()
        await ended.end()
        await bus.publish('a', 'after')
        await staying.next(2)
        expect(ended.received).toEqual(['during'])
        expect(staying.received).toEqual(['during', 'after'])
      })

      it('do not come once the subscription has ended, although they were on their way', async () => {
        const { received, end } = await listen('a')
        await bus.publish('a', 1)
        await end()
        const before = received.length
        await settled()
        expect(received).toHaveLength(before)
      })

      it('come once for each subscription, also of the same function', async () => {
        const received: unknown[] = []
        const receive = (payload: unknown) => received.push(payload)
        const end = await bus.subscribe('a', receive)
        await bus.subscribe('a', receive)
        await bus.publish('a', 1)
        await expect.poll(() => received).toEqual([1, 1])
        await end()
        await bus.publish('a', 2)
        await settled()
        expect(received).toEqual([1, 1, 2])
      })

      it('need no receiver', async () => {
        await bus.publish('nobody', { a: 1 })
      })
    })

    describe('after close', () => {
      it('refuses, delivers nothing, and lets leases be given back', async () => {
        const lease = (await bus.lock('a', 5000))!
        const received: unknown[] = []
        await bus.subscribe('a', (payload) => received.push(payload))
        await bus.publish('a', 1)
        await bus.close()
        await bus.close()
        await expect(bus.cache.get('a')).rejects.toMatchObject({ code: 'internal' })
        await expect(bus.increment('a', 1000)).rejects.toMatchObject({ code: 'internal' })
        await expect(bus.lock('b', 1000)).rejects.toMatchObject({ code: 'internal' })
        await expect(bus.publish('a', 2)).rejects.toMatchObject({ code: 'internal' })
        expect(await lease.renew()).toBe(false)
        await lease.release()
        await new Promise((resolve) => setTimeout(resolve, 20))
        expect(received).not.toContain(2)
      })
    })
  })
}
