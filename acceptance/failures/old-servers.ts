import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { BSON } from 'mongodb'

/** Something that answers as a server which is too old. */
export interface OldServer {
  readonly port: number
  close(): void
}

async function serve(answer: (request: Buffer, socket: Socket) => void): Promise<OldServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('data', (request) => answer(request, socket)).on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** Redis 5, as far as a client looks before it works. */
export function anOldRedis(): Promise<OldServer> {
  const info = '# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\nrole:master\r\nloading:0\r\n'
  const replies: readonly (readonly [RegExp, string])[] = [
    [/\r\nhello\r\n/gi, '-ERR unknown command `HELLO`\r\n'],
    [/\r\ninfo\r\n/gi, `$${info.length}\r\n${info}\r\n`],
  ]
  return serve((request, socket) => {
    // Each command is a list of texts: `*2\r\n$4\r\nINFO\r\n…`.
    for (const command of request.toString().split(/(?=\*\d+\r\n)/)) {
      socket.write(replies.find(([pattern]) => new RegExp(pattern).test(command))?.[1] ?? '+OK\r\n')
    }
  })
}

const queryKind = 2004
const messageKind = 2013
const headerLength = 16

/** MongoDB 3.6, which says at once how old it is. */
export function anOldMongo(): Promise<OldServer> {
  const document = { ismaster: true, helloOk: false, minWireVersion: 0, maxWireVersion: 6, readOnly: false, ok: 1 }
  const body = BSON.serialize({ ...document, maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000 })
  return serve((request, socket) => {
    const isQuery = request.readInt32LE(12) === queryKind
    // A reply has flags, a cursor, a start and a count; a message has flags and the kind of its section.
    const between = isQuery ? Buffer.from([8, 0, 0, 0, ...Array(12).fill(0), 1, 0, 0, 0]) : Buffer.alloc(5)
    const head = Buffer.alloc(headerLength)
    head.writeInt32LE(headerLength + between.length + body.length, 0)
    head.writeInt32LE(request.readInt32LE(4), 8)
    head.writeInt32LE(isQuery ? 1 : messageKind, 12)
    socket.write(Buffer.concat([head, between, body]))
  })
}
