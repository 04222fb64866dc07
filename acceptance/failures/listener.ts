import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import type { Client } from '../client.ts'

export interface LiveMessage {
  readonly type: string
  readonly id?: string
  readonly app?: string | null
  readonly stage?: string | null
  readonly release?: string
  readonly operation?: { readonly id: string; readonly state: string }
}

/** A client of the websocket that connects again whenever it is cut off, and asks for what it has missed, as our pages do. */
export interface Listener {
  readonly heard: readonly LiveMessage[]
  /** How often it has come in so far. */
  connections(): number
  close(): Promise<void>
}

export async function listen(client: Client, liveUrl: string): Promise<Listener> {
  const heard: LiveMessage[] = []
  let connections = 0
  let last: string | undefined
  let socket: WebSocket | undefined
  let closed = false

  function take(message: LiveMessage): void {
    heard.push(message)
    if (message.type === 'ready' && connections++ > 0 && last !== undefined) {
      socket?.send(JSON.stringify({ type: 'resume', after: last }))
    }
    // Ids grow with time, and states that are told again come with new ones.
    if (message.id !== undefined) last = message.id
  }

  async function connect(): Promise<void> {
    const answer = await client.send('POST', '/live/ticket')
    if (answer.status !== 200) throw new Error(`a ticket was answered with ${answer.status}`)
    const { ticket } = (await answer.json()) as { ticket: string }
    const opened = new WebSocket(`${liveUrl.replace(/^http/, 'ws')}/live`, ['laputa', `ticket.${ticket}`])
    socket = opened
    opened.on('message', (data) => take(JSON.parse(String(data))))
    await new Promise<void>((resolve) => {
      opened.on('error', () => {})
      opened.on('close', () => resolve())
    })
  }

  const ended = (async () => {
    while (!closed) {
      await connect().catch(() => {})
      if (!closed) await sleep(100)
    }
  })()
  while (connections === 0) await sleep(20)
  return {
    heard,
    connections: () => connections,
    async close() {
      closed = true
      socket?.terminate()
      await ended
    },
  }
}

/** The states that a listener was told an operation has ended in. */
export function endsHeard({ heard }: Listener, id: string): string[] {
  const ends = ['operation.done', 'operation.failed', 'operation.cancelled']
  return heard.filter(({ type, operation }) => operation?.id === id && ends.includes(type)).map(({ type }) => type)
}
