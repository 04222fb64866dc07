import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { isProblem, type Log, newSecret, Problem } from '../../base/index.ts'
import { isOurOrigin, noTicket, pathOf, protocol, readTicket, refuseUpgrade } from './handshake.ts'
import { answerPlainly } from './other-upgrades.ts'
import type { Enter, Outlet, Visitor } from './outlet.ts'

export interface SocketsDeps {
  /** Who comes with this ticket. Null: it is worth nothing. Errors: a problem, which is answered instead of the upgrade. */
  readonly admit: (ticket: string) => Promise<Enter | null>
  /** Errors: a problem when there is no room for one more. */
  readonly checkRoom: () => void
  readonly log: Log
  /** A client that did not answer for two of these is taken for gone. Milliseconds. */
  readonly heartbeatMs?: number
}

/** The websockets at `/live`. */
export interface Sockets {
  /** Takes the upgrades of a server. */
  attach(server: Server): void
  /** Tells every client that the program ends, and takes no more. */
  close(): Promise<void>
}

/** What clients say is small. */
const largestMessage = 4096

/** How long a client may take to close its side. */
const closePatienceMs = 1000

interface Connection {
  readonly visitor: Visitor
  alive: boolean
}

interface Upgrade {
  readonly request: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

export function createSockets(deps: SocketsDeps): Sockets {
  const { log, heartbeatMs = 30_000 } = deps
  const connections = new Map<WebSocket, Connection>()
  const attached = new Map<Server, (...upgrade: [IncomingMessage, Duplex, Buffer]) => void>()
  const endpoint = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: largestMessage,
    // A compressor for each client would take more memory than all the rest of it.
    perMessageDeflate: false,
    handleProtocols: (offered) => (offered.has(protocol) ? protocol : false),
  })
  let closed = false
  const listeners = listenersOf(connections, log)
  const heartbeat = setInterval(() => beat(connections), heartbeatMs).unref()

  function open(upgrade: Upgrade, enter: Enter): void {
    // It was asked who comes, and meanwhile everybody was sent away.
    if (closed) throw new Problem('overloaded', 'The server ends.')
    endpoint.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, (websocket) => {
      connections.set(websocket, { visitor: enter(outletOf(websocket)), alive: true })
      websocket.on('message', listeners.message)
      websocket.on('pong', listeners.pong)
      websocket.on('close', listeners.close)
      websocket.on('error', listeners.error)
    })
  }

  return {
    attach(server) {
      const listener = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        if (request.headers.upgrade?.toLowerCase() !== 'websocket') answerPlainly(server, { request, socket, head })
        else void answerUpgrade(deps, { request, socket, head }, open)
      }
      attached.set(server, listener)
      server.on('upgrade', listener)
    },
    async close() {
      closed = true
      clearInterval(heartbeat)
      for (const [server, listener] of attached) server.off('upgrade', listener)
      for (const websocket of connections.keys()) websocket.close(1001, 'The server ends.')
      await allGone(connections)
    },
  }
}

async function answerUpgrade(
  { admit, checkRoom, log }: SocketsDeps,
  upgrade: Upgrade,
  open: (upgrade: Upgrade, enter: Enter) => void,
): Promise<void> {
  const { request, socket } = upgrade
  const destroy = () => socket.destroy()
  socket.on('error', destroy)
  try {
    if (pathOf(request) !== '/live') throw new Problem('not_found', 'Websockets are at "/live".')
    if (!isOurOrigin(request)) throw new Problem('csrf', 'A websocket is opened from our own pages only.')
    checkRoom()
    const ticket = readTicket(request)
    const enter = ticket === null ? null : await admit(ticket)
    if (!enter) throw noTicket()
    socket.off('error', destroy)
    open(upgrade, enter)
  } catch (error) {
    const requestId = newSecret(12)
    if (!isProblem(error)) log.error({ err: error, requestId }, 'an upgrade to a websocket failed')
    refuseUpgrade(socket, isProblem(error) ? error : new Problem('internal', 'An unexpected error.'), requestId)
  }
}

function outletOf(websocket: WebSocket): Outlet {
  return {
    send: ({ bytes }) => websocket.send(bytes, { binary: false }),
    waiting: () => websocket.bufferedAmount,
    close(code, reason) {
      websocket.close(code, reason)
      // Whoever does not take what was sent before will not take the goodbye either.
      if (websocket.bufferedAmount > 0) setTimeout(() => websocket.terminate(), closePatienceMs).unref()
    },
  }
}

/** The same functions for all websockets, which come to them as `this`: thousands of them need not bring their own. */
function listenersOf(connections: Map<WebSocket, Connection>, log: Log) {
  return {
    message(this: WebSocket, data: RawData, isBinary: boolean) {
      const connection = connections.get(this)
      if (!connection) return
      connection.alive = true
      if (isBinary) this.close(1003, 'Messages are JSON texts.')
      else connection.visitor.received(String(data))
    },
    pong(this: WebSocket) {
      const connection = connections.get(this)
      if (connection) connection.alive = true
    },
    close(this: WebSocket) {
      const connection = connections.get(this)
      connections.delete(this)
      connection?.visitor.left()
    },
    error(this: WebSocket, error: Error) {
      log.debug({ err: error }, 'a websocket failed')
    },
  }
}

function beat(connections: ReadonlyMap<WebSocket, Connection>): void {
  for (const [websocket, connection] of connections) {
    if (!connection.alive) websocket.terminate()
    else {
      connection.alive = false
      websocket.ping()
    }
  }
}

async function allGone(connections: ReadonlyMap<WebSocket, Connection>): Promise<void> {
  const until = performance.now() + closePatienceMs
  while (connections.size > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 20))
  for (const websocket of connections.keys()) websocket.terminate()
}
