import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createSingleFlight } from './single-flight.ts'

const open = () => new AbortController()

it('computes once for callers at the same time, and again later', async () => {
  const flights = createSingleFlight<number>()
  let runs = 0
  const compute = async () => {
    await sleep(5)
    return ++runs
  }
  const many = await Promise.all(Array.from({ length: 50 }, () => flights.run('a', open().signal, compute)))
  expect(new Set(many)).toEqual(new Set([1]))
  expect(await flights.run('b', open().signal, compute)).toBe(2)
  expect(await flights.run('a', open().signal, compute)).toBe(3)
})

it('gives everybody the error of the one computation, and forgets it', async () => {
  const flights = createSingleFlight<number>()
  const fail = async (): Promise<number> => {
    await sleep(1)
    throw new RangeError('no')
  }
  const all = await Promise.allSettled([flights.run('a', open().signal, fail), flights.run('a', open().signal, fail)])
  expect(all.map((one) => one.status === 'rejected' && one.reason.message)).toEqual(['no', 'no'])
  expect(await flights.run('a', open().signal, async () => 1)).toBe(1)
})

it('cancels the computation when the last caller has left, and not before', async () => {
  const flights = createSingleFlight<string>()
  const [first, second] = [open(), open()]
  let cancelled = false
  const compute = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => {
      signal.addEventListener('abort', () => {
        cancelled = true
        reject(signal.reason)
      })
    })
  const one = flights.run('a', first.signal, compute)
  const two = flights.run('a', second.signal, compute)
  first.abort(new RangeError('left'))
  await expect(one).rejects.toThrow('left')
  expect(cancelled).toBe(false)
  second.abort(new RangeError('left too'))
  await expect(two).rejects.toThrow('left too')
  expect(cancelled).toBe(true)
  expect(await flights.run('a', open().signal, async () => 'fresh')).toBe('fresh')
})

it('starts anew for a caller who comes after everybody left, while the old one still ends', async () => {
  const flights = createSingleFlight<string>()
  const leaver = open()
  const old = flights.run('a', leaver.signal, async () => {
    await sleep(20)
    return 'old'
  })
  leaver.abort(new RangeError('left'))
  await expect(old).rejects.toThrow('left')
  expect(await flights.run('a', open().signal, async () => 'new')).toBe('new')
})

it('does not start for a caller who has left already', async () => {
  const flights = createSingleFlight<string>()
  const gone = open()
  gone.abort(new RangeError('gone'))
  let ran = false
  const run = flights.run('a', gone.signal, async () => {
    ran = true
    return 'x'
  })
  await expect(run).rejects.toThrow('gone')
  expect(ran).toBe(false)
})
