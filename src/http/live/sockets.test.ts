import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { silentLog } from '../../base/index.ts'
import { createMessage, type Outlet } from './outlet.ts'
import { createSockets, type Sockets } from './sockets.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

interface Trial {
  readonly sockets: Sockets
  readonly outlets: Outlet[]
  readonly received: string[]
  readonly left: () => number
  connect(options?: object): Promise<WebSocket>
}

async function setUp(heartbeatMs = 30_000, arriving = async () => {}): Promise<Trial> {
  const server: Server = createServer((_request, response) => response.end('plain'))
  const outlets: Outlet[] = []
  const received: string[] = []
  let left = 0
  const enter = (outlet: Outlet) => {
    outlets.push(outlet)
    return {
      received: (text: string) => void received.push(text),
      left: () => {
        left++
      },
    }
  }
  const admit = async (ticket: string) => {
    await arriving()
    return ticket === 'good' ? enter : null
  }
  const sockets = createSockets({ admit, checkRoom: () => {}, log: silentLog, heartbeatMs })
  sockets.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  closers.push(() => sockets.close())
  const { port } = server.address() as AddressInfo
  const connect = async (options = {}) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/live`, ['laputa', 'ticket.good'], options)
    closers.push(() => socket.terminate())
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return socket
  }
  return { sockets, outlets, received, left: () => left, connect }
}

const closeCode = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve))

describe('websockets', () => {
  it('carry texts both ways, and tell when the client has gone', async () => {
    const { outlets, received, left, connect } = await setUp()
    const socket = await connect()
    const heard = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))
    outlets[0]?.send(createMessage({ type: 'ready', id: 'ü' }))
    expect(await heard).toBe('{"type":"ready","id":"ü"}')
    socket.send('hello')
    await vi.waitFor(() => expect(received).toEqual(['hello']))
    socket.close()
    await vi.waitFor(() => expect(left()).toBe(1))
  })

  it('have no compression, whatever the client offers', async () => {
    const { connect } = await setUp()
    expect((await connect({ perMessageDeflate: true })).extensions).toBe('')
  })

  it('are ended when the client is not heard of, and kept while it is', async () => {
    const { left, connect } = await setUp(100)
    const [silent, alive] = [await connect({ autoPong: false }), await connect()]
    expect(await closeCode(silent)).toBe(1006)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect([left(), alive.readyState]).toEqual([1, WebSocket.OPEN])
  })

  it('are told that the server ends, and those that do not answer are cut off', async () => {
    const { sockets, left, connect } = await setUp()
    const [polite, stuck] = [await connect(), await connect()]
    stuck.pause()
    const code = closeCode(polite)
    const since = performance.now()
    await sockets.close()
    expect(await code).toBe(1001)
    await vi.waitFor(() => expect(left()).toBe(2))
    expect(performance.now() - since).toBeLessThan(2500)
    await expect(connect()).rejects.toThrow()
  })

  it('are not opened any more when the server ended while it was asked who comes', async () => {
    let goOn = () => {}
    const released = new Promise<void>((resolve) => {
      goOn = resolve
    })
    let asked = 0
    const { sockets, outlets, connect } = await setUp(undefined, () => {
      asked++
      return released
    })
    const refused = expect(connect()).rejects.toThrow('503')
    await vi.waitFor(() => expect(asked).toBe(1))
    await sockets.close()
    goOn()
    await refused
    expect(outlets).toEqual([])
  })

  it('are cut off when they are closed while much waits for a client that takes nothing', async () => {
    const { outlets, left, connect } = await setUp()
    const socket = await connect()
    socket.pause()
    const message = createMessage({ type: 'filler', text: 'x'.repeat(1_000_000) })
    for (let n = 0; n < 30; n++) outlets[0]?.send(message)
    expect(outlets[0]?.waiting()).toBeGreaterThan(1_000_000)
    outlets[0]?.close(4401, 'over')
    await vi.waitFor(() => expect(left()).toBe(1), 3000)
  })
})
