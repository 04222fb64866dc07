import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { createInFlight } from './in-flight.ts'

it('does at most so much at a time, and whoever brings more waits', async () => {
  const inFlight = createInFlight(3)
  let running = 0
  let most = 0
  let done = 0
  for (let count = 0; count < 20; count++) {
    await inFlight.add(async () => {
      most = Math.max(most, ++running)
      await sleep(1 + (count % 3))
      running--
      done++
    })
    expect(count - done).toBeLessThan(3)
  }
  await inFlight.finish()
  expect([most, done]).toEqual([3, 20])
})

it('raises what failed to whoever comes next, once all have ended', async () => {
  const inFlight = createInFlight(2)
  let ended = false
  await inFlight.add(async () => {
    await sleep(5)
    throw new RangeError('first')
  })
  await inFlight.add(async () => {
    await sleep(20)
    ended = true
  })
  await expect(inFlight.add(async () => {})).rejects.toThrow('first')
  await inFlight.settled()
  expect(ended).toBe(true)
  await expect(inFlight.finish()).rejects.toThrow('first')
})
