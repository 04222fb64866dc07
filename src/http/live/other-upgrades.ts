import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Lets the server answer a request that asked to change to a protocol we do not speak (HTTP/2 over plain text, as some clients do by
 * default) as if it had not asked. Without a listener for upgrades the runtime does so by itself; with one it hands all of them over
 * after reading their head, and the only way back is to have it read the request again.
 */
export function answerPlainly(
  server: Server,
  { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`]
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? ''
    if (!/^(upgrade|http2-settings)$/i.test(name))
      lines.push(`${name}: ${plain(name, request.rawHeaders[at + 1] ?? '')}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}

function plain(name: string, value: string): string {
  if (!/^connection$/i.test(name)) return value
  const others = value.split(',').filter((option) => !/^\s*(upgrade|http2-settings)\s*$/i.test(option))
  return others.length === 0 ? 'keep-alive' : others.join(',')
}
