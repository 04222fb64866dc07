import { expect, it } from 'vitest'
import { createGate } from './gate.ts'

it('lets so many run at once, the others in their order, and gives places back after failures', async () => {
  const gate = createGate({ running: 2, waiting: 10 })
  const order: number[] = []
  let running = 0
  let most = 0
  const task = (n: number) => async () => {
    running++
    most = Math.max(most, running)
    await new Promise((resolve) => setTimeout(resolve, 2))
    order.push(n)
    running--
    if (n % 3 === 0) throw new Error(`task ${n}`)
    return n
  }
  const results = await Promise.allSettled(Array.from({ length: 9 }, (_, n) => gate.pass(task(n))))
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual(
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => n % 3 !== 0),
  )
  expect([most, order.length]).toEqual([2, 9])
  expect(await gate.pass(task(1))).toBe(1)
})

it('turns away whoever would make the queue too long', async () => {
  const gate = createGate({ running: 1, waiting: 2 })
  const task = () => new Promise<string>((resolve) => setTimeout(() => resolve('done'), 5))
  const results = await Promise.allSettled([gate.pass(task), gate.pass(task), gate.pass(task), gate.pass(task)])
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
  expect(results[3]).toMatchObject({ reason: { code: 'overloaded', retryAfter: 1 } })
})
