import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { type MongoPlace, mongoPlace, mongoUrl } from '../../../test/builders/mongo-rows.ts'
import { problemOf } from '../../../test/builders/problem-of.ts'
import type { Batch, Column } from '../../pipeline/index.ts'

const never = new AbortController().signal
const columns: Column[] = [{ name: 'n', type: 'integer' }]

/** A way to the server that can be cut. */
async function relayTo({ hostname, port: targetPort }: URL) {
  const sockets = new Set<Socket>()
  let server: Server
  const listen = async (port: number) => {
    server = createServer((client) => {
      const target = connect(Number(targetPort || 27_017), hostname)
      for (const socket of [client, target]) {
        sockets.add(socket)
        socket
          .on('error', () => {})
          .on('close', () => {
            client.destroy()
            target.destroy()
          })
      }
      client.pipe(target).pipe(client)
    }).listen(port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    return typeof address === 'object' && address ? address.port : 0
  }
  const cut = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await closed
  }
  return { port: await listen(0), cut, mend: listen }
}

describe.skipIf(!mongoUrl)('rows in MongoDB, when the server', () => {
  let place: MongoPlace
  beforeEach(async () => {
    place = await mongoPlace()
  })
  afterEach(() => place.remove())

  it('was never there or was not named, are not opened, and it is told which setting to change', async () => {
    const nobody = place.open({ url: 'mongodb://anna:secret@127.0.0.1:1/', serverTimeoutMs: 300 })
    const unreachable = await problemOf(nobody)
    expect([unreachable.code, unreachable.message]).toEqual(['storage_failed', expect.stringContaining('mongo.url')])
    expect(unreachable.message).not.toContain('secret')
    const unnamed = await problemOf(place.open({ url: undefined }))
    expect([unnamed.code, unnamed.errors[0]?.path]).toEqual(['config_invalid', 'mongo.url'])
  })

  it('goes away, fail with the setting; and go on by themselves once it is back', async () => {
    const url = new URL(mongoUrl ?? '')
    const relay = await relayTo(url)
    url.port = String(relay.port)
    url.hostname = '127.0.0.1'
    const rows = await place.open({ url: url.href, serverTimeoutMs: 500 })
    const write = (batches: AsyncIterable<Batch> | Batch[]) =>
      rows.write({ app: 'a', domain: 'd', columns, batches }, never)
    const { version } = await write([{ columns, rows: [[1], [2]] }])
    const query = guardedForTest([{ name: 'domain', domain: 'd' }])
    const page = { offset: 0, limit: null, maxRows: 100 }
    const fetch = () => rows.engine(new Map([['d', version]])).fetch(query, page, never)
    async function* interrupted(): AsyncGenerator<Batch> {
      yield { columns, rows: [[1]] }
      await relay.cut()
      yield { columns, rows: [[2]] }
    }
    for (const failing of [
      () => write(interrupted()),
      fetch,
      () => rows.describe('0'.repeat(23)),
      () => rows.retain(new Set(), 0),
    ]) {
      const problem = await problemOf(failing())
      expect([problem.code, problem.message]).toEqual(['storage_failed', expect.stringContaining('mongo.url')])
    }
    await relay.mend(relay.port)
    expect((await fetch()).rows.toString()).toBe('[{"n":1},{"n":2}]')
    expect((await write([{ columns, rows: [[3]] }])).count).toBe(1)
    await rows.close()
    await relay.cut()
  })
})
