import type { Outcome } from './api/request.ts'
import type { LiveMessage } from './api/types.ts'

/** `waiting`: the server is not heard at the moment, and is asked again and again. */
export type LiveState = 'connecting' | 'live' | 'waiting'

/** A websocket, as far as it is used. */
export interface Socket {
  send(text: string): void
  close(): void
}

export interface SocketListener {
  message(data: unknown): void
  /** It is closed, or could not be opened. */
  close(): void
}

export interface LiveDeps {
  readonly ticket: () => Promise<Outcome<{ readonly ticket: string }>>
  readonly open: (ticket: string, listener: SocketListener) => Socket
  readonly app: string
  readonly receive: (message: LiveMessage) => void
  readonly changed: (state: LiveState) => void
}

const firstPauseMs = 1000
const longestPauseMs = 30_000

/**
 * Hears what happens in an app, and begins again whenever the connection ends, from the last event that was heard: nothing is
 * missed, some things are heard twice. Gives up when the session has ended. Answers a function that ends it.
 */
export function connectLive({ ticket, open, app, receive, changed }: LiveDeps): () => void {
  let ended = false
  let socket: Socket | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let pause = firstPauseMs
  let last: string | null = null
  let isNew = true

  function hear(message: LiveMessage): void {
    // The server says so when it is open, and once more after what was missed.
    if (message.type === 'ready') {
      pause = firstPauseMs
      if (isNew) {
        isNew = false
        socket?.send(JSON.stringify({ type: 'subscribe', app }))
        if (last !== null) {
          socket?.send(JSON.stringify({ type: 'resume', after: last }))
          return
        }
      }
      changed('live')
    }
    last = message.id ?? last
    receive(message)
  }

  function again(): void {
    socket = null
    if (ended) return
    changed('waiting')
    // Not all at the same moment, after a server that all of them had was started anew.
    timer = setTimeout(() => void connect(), pause * (0.5 + Math.random() / 2))
    pause = Math.min(pause * 2, longestPauseMs)
  }

  async function connect(): Promise<void> {
    const outcome = await ticket()
    if (ended) return
    if (outcome.kind === 'done') openWith(outcome.value.ticket)
    else if (outcome.kind === 'failed' && outcome.problem.status === 401) changed('waiting')
    else again()
  }

  function openWith(value: string): void {
    isNew = true
    socket = open(value, {
      close: again,
      message(data) {
        const message = read(data)
        if (!ended && message !== null) hear(message)
      },
    })
  }

  changed('connecting')
  void connect()
  return () => {
    ended = true
    clearTimeout(timer)
    socket?.close()
  }
}

function read(data: unknown): LiveMessage | null {
  try {
    const value: unknown = JSON.parse(String(data))
    return typeof value === 'object' && value !== null && 'type' in value ? (value as LiveMessage) : null
  } catch {
    return null
  }
}

/** A websocket of the server that the page is from. The ticket stands beside the protocol, so that it is in no address. */
export function openSocket(ticket: string, listener: SocketListener): Socket {
  const address = new URL('/live', location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  const socket = new WebSocket(address, ['laputa', `ticket.${ticket}`])
  socket.addEventListener('message', ({ data }) => listener.message(data))
  socket.addEventListener('close', () => listener.close())
  return socket
}
