import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Outcome } from './api/request.ts'
import type { LiveMessage } from './api/types.ts'
import { connectLive, type LiveState, type SocketListener } from './live-connection.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

type Ticket = Outcome<{ readonly ticket: string }>

function setUp(answer: () => Ticket = () => ({ kind: 'done', value: { ticket: 't' }, headers: new Headers() })) {
  const sockets: { listener: SocketListener; said: unknown[]; closed: boolean }[] = []
  const heard: LiveMessage[] = []
  const states: LiveState[] = []
  const tickets = vi.fn(async () => answer())
  const end = connectLive({
    app: 'shop',
    ticket: tickets,
    open(_ticket, listener) {
      const socket = { listener, said: [] as unknown[], closed: false }
      sockets.push(socket)
      return {
        send: (text) => socket.said.push(JSON.parse(text)),
        close: () => {
          socket.closed = true
        },
      }
    },
    receive: (message) => heard.push(message),
    changed: (state) => states.push(state),
  })
  const tell = (message: object) => sockets.at(-1)?.listener.message(JSON.stringify(message))
  const settle = () => vi.advanceTimersByTimeAsync(0)
  return { sockets, heard, states, tickets, end, tell, settle }
}

const failed = (status: number): Ticket => ({
  kind: 'failed',
  problem: { title: '', status, code: '', detail: '', requestId: null, errors: [], retryAfter: null },
})

describe('the live connection', () => {
  it('subscribes once it is open, and hears', async () => {
    const { sockets, heard, states, tell, settle } = setUp()
    await settle()
    expect([states, sockets[0]?.said]).toEqual([['connecting'], []])
    tell({ type: 'ready', id: '1' })
    tell({ type: 'operation.done', id: '2' })
    expect(states).toEqual(['connecting', 'live'])
    expect(sockets[0]?.said).toEqual([{ type: 'subscribe', app: 'shop' }])
    expect(heard.map(({ type }) => type)).toEqual(['ready', 'operation.done'])
  })

  it('comes back with a new ticket and goes on behind the last event', async () => {
    const { sockets, heard, states, tickets, tell, settle } = setUp()
    await settle()
    tell({ type: 'ready', id: '1' })
    tell({ type: 'operation.done', id: '2' })
    sockets[0]?.listener.close()
    expect(states.at(-1)).toBe('waiting')
    await vi.advanceTimersByTimeAsync(1000)
    expect([tickets.mock.calls.length, sockets.length]).toEqual([2, 2])
    tell({ type: 'ready', id: '9' })
    expect(states.at(-1)).toBe('waiting')
    expect(sockets[1]?.said).toEqual([
      { type: 'subscribe', app: 'shop' },
      { type: 'resume', after: '2' },
    ])
    tell({ type: 'operation.done', id: '10' })
    tell({ type: 'ready', id: '11' })
    expect([states.at(-1), heard.at(-2)?.id]).toEqual(['live', '10'])
    sockets[1]?.listener.close()
    await vi.advanceTimersByTimeAsync(1000)
    tell({ type: 'ready', id: '12' })
    expect(sockets[2]?.said).toContainEqual({ type: 'resume', after: '11' })
  })

  it('waits longer and longer, though never very long', async () => {
    const { tickets } = setUp(() => failed(503))
    await vi.advanceTimersByTimeAsync(1000)
    expect(tickets.mock.calls.length).toBe(2)
    await vi.advanceTimersByTimeAsync(60_000)
    const after = tickets.mock.calls.length
    expect(after).toBeGreaterThan(5)
    expect(after).toBeLessThan(10)
    await vi.advanceTimersByTimeAsync(30_000)
    expect(tickets.mock.calls.length).toBeGreaterThan(after)
  })

  it('gives up with the session', async () => {
    const { tickets, sockets } = setUp(() => failed(401))
    await vi.advanceTimersByTimeAsync(120_000)
    expect([tickets.mock.calls.length, sockets.length]).toEqual([1, 0])
  })

  it('bears what is no message', async () => {
    const { sockets, heard, tell, settle } = setUp()
    await settle()
    tell({ type: 'ready', id: '1' })
    for (const data of ['', '{', 'null', '7', '{}', new ArrayBuffer(2)]) sockets[0]?.listener.message(data)
    expect(heard).toHaveLength(1)
  })

  it('is over when it is ended, whatever comes then', async () => {
    const { sockets, heard, tickets, end, tell, settle } = setUp()
    await settle()
    tell({ type: 'ready', id: '1' })
    end()
    tell({ type: 'operation.done', id: '2' })
    sockets[0]?.listener.close()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([sockets[0]?.closed, heard.length, tickets.mock.calls.length]).toEqual([true, 1, 1])
  })
})
