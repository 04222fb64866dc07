import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A source outside of the product that answers one row with a number, when the test lets it. */
export interface Source {
  readonly url: string
  /** The number in the answers from now on. */
  number: number
  /** Keeps what asks waiting, until `release`. */
  hold(): void
  release(): void
  /** How often it was asked so far. */
  asked(): number
  close(): Promise<void>
}

export async function aSource(): Promise<Source> {
  const waiting = new Set<ServerResponse>()
  let holding = false
  let asked = 0
  const answer = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify([{ key: 1, number: source.number }]))
  }
  const server = createServer((_request, response) => {
    asked += 1
    if (!holding) return answer(response)
    waiting.add(response)
    response.once('close', () => waiting.delete(response))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const source: Source = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    number: 0,
    hold() {
      holding = true
    },
    release() {
      holding = false
      for (const response of waiting) answer(response)
    },
    asked: () => asked,
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
  return source
}
