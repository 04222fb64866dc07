import type { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { eventStream } from './event-stream.ts'
import { createMessage, type Outlet } from './outlet.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

function aStream(): { body: Readable; outlet: Outlet; left: () => number } {
  const outlets: Outlet[] = []
  let left = 0
  const { body } = eventStream((given) => {
    outlets.push(given)
    return {
      received: () => {},
      left: () => {
        left++
      },
    }
  })
  return { body: body as unknown as Readable, outlet: outlets[0] as Outlet, left: () => left }
}

it('sends events, and comments between them so that the network keeps it open', async () => {
  const { body, outlet, left } = aStream()
  outlet.send(createMessage({ type: 'ready', id: 'one' }))
  expect(String(body.read())).toBe('id: one\ndata: {"type":"ready","id":"one"}\n\n')
  vi.advanceTimersByTime(15_000)
  expect(String(body.read())).toBe(':\n\n')
  body.destroy()
  await vi.waitFor(() => expect(left()).toBe(1))
})

it('sends nothing any more after it was closed, also when nobody has taken the end yet', async () => {
  const { body, outlet, left } = aStream()
  const errors: Error[] = []
  body.on('error', (error) => errors.push(error))
  outlet.close(1000, 'over')
  outlet.send(createMessage({ type: 'late' }))
  vi.advanceTimersByTime(30_000)
  body.resume()
  await vi.waitFor(() => expect(left()).toBe(1))
  expect(errors).toEqual([])
})
