/**
 * What the framework alone can do: a server that checks the same token, reads the same JSON and sends the same headers and bytes.
 * Takes `{ key, headers, body }` in BARE_SERVER, prints its address.
 */

import { createVerifier } from 'fast-jwt'
import fastify from 'fastify'

interface Given {
  /** Base64. */
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const given: Given = JSON.parse(process.env.BARE_SERVER ?? '')
const body = Buffer.from(given.body)
const verify = createVerifier({ key: Buffer.from(given.key, 'base64'), algorithms: ['HS256'], cache: 5000 })
const server = fastify({ logger: false })

server.addHook('onRequest', (request, reply, done) => {
  reply.headers(given.headers)
  reply.header('x-request-id', request.id)
  verify(request.headers.authorization?.slice('Bearer '.length) ?? '')
  done()
})
server.post('/:app/data', (_request, reply) => {
  reply.send(body)
})

process.stdout.write(`${await server.listen({ host: '127.0.0.1', port: 0 })}\n`)
