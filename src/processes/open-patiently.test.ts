import { expect, it } from 'vitest'
import { Problem, silentLog } from '../base/index.ts'
import { backOff } from './back-off.ts'
import { openPatiently } from './open-patiently.ts'

const pauses = { firstMs: 1, mostMs: 5 }
const patience = (signal = new AbortController().signal) => ({ log: silentLog, signal, pauses })

it('opens at once what can be opened', async () => {
  expect(await openPatiently(async () => 'open', patience())).toBe('open')
})

it('tries again while the servers do not answer', async () => {
  let attempts = 0
  const opened = await openPatiently(async () => {
    attempts++
    if (attempts < 5) throw new Problem('storage_failed', 'There is nobody at mongo.url.')
    return attempts
  }, patience())
  expect(opened).toBe(5)
})

it.each([new Problem('config_invalid', 'wrong password'), new TypeError('a bug')])(
  'does not wait for %s',
  async (error) => {
    let attempts = 0
    const open = async () => {
      attempts++
      throw error
    }
    await expect(openPatiently(open, patience())).rejects.toBe(error)
    expect(attempts).toBe(1)
  },
)

it('ends at once when it is asked to end while it waits', async () => {
  const controller = new AbortController()
  const open = async () => {
    setTimeout(() => controller.abort(), 20)
    throw new Problem('storage_failed', 'nobody there')
  }
  const waiting = { ...patience(controller.signal), pauses: { firstMs: 60_000, mostMs: 60_000 } }
  expect(await openPatiently(open, waiting)).toBe(null)
})

it('waits longer each time, up to a bound', () => {
  const waits = [1, 2, 3, 4, 10, 1000].map((failures) => backOff(failures, { firstMs: 100, mostMs: 1000 }))
  for (const [index, whole] of [100, 200, 400, 800, 1000, 1000].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(whole * 0.8)
    expect(waits[index]).toBeLessThanOrEqual(whole)
  }
})
