/** The other side of `bench live`: websocket clients, so many that they need a process of their own. Told by its parent what to do. */

import { WebSocket } from 'ws'

export type ToClients =
  | {
      readonly kind: 'tickets' | 'connect'
      readonly url: string
      readonly authorizations: readonly string[]
      readonly count: number
    }
  | { readonly kind: 'listen' }

/** How many clients heard of the next release, and the milliseconds from its being told until the last of them had. */
export interface Heard {
  readonly count: number
  readonly last: number
}

const atOnce = 40
const patienceMs = 10_000

const sockets: WebSocket[] = []

process.on('message', (message: ToClients) => {
  answer(message).then(
    (heard) => process.send?.(heard),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function answer(message: ToClients): Promise<Heard> {
  if (message.kind === 'listen') return listen()
  const { url, authorizations, kind } = message
  let left = message.count
  const one = async (lane: number) => {
    while (left-- > 0) {
      const ticket = await ticketFor(url, authorizations[lane % authorizations.length] ?? '')
      if (kind === 'connect') sockets.push(await open(url, ticket))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, (_, lane) => one(lane)))
  return { count: sockets.length, last: 0 }
}

async function ticketFor(url: string, authorization: string): Promise<string> {
  const response = await fetch(`${url}/live/ticket`, { method: 'POST', headers: { authorization } })
  const { ticket } = (await response.json()) as { ticket: string }
  return ticket
}

async function open(url: string, ticket: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/live`, ['laputa', `ticket.${ticket}`], {
    perMessageDeflate: false,
  })
  await new Promise<void>((resolve, reject) => {
    // Its first message says that it is ready.
    socket.once('message', () => resolve())
    socket.once('error', reject)
  })
  return socket
}

function listen(): Promise<Heard> {
  return new Promise((resolve) => {
    let count = 0
    let last = 0
    const done = () => {
      clearTimeout(late)
      for (const socket of sockets) socket.off('message', receive)
      resolve({ count, last })
    }
    const receive = (data: Buffer) => {
      const { type, at } = JSON.parse(String(data)) as { type: string; at: string }
      if (type !== 'release.published') return
      last = Math.max(last, Date.now() - Date.parse(at))
      if (++count === sockets.length) done()
    }
    const late = setTimeout(done, patienceMs)
    for (const socket of sockets) socket.on('message', receive)
  })
}
