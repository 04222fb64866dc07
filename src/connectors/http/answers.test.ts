import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { problemOf } from '../../../test/builders/problem-of.ts'

const secret = 'marker-secret'

describe('answers of HTTP sources', () => {
  let api: HttpSource
  beforeAll(async () => {
    api = await anHttpSource()
  })
  afterEach(() => api.reset())
  afterAll(() => api.close())

  describe('redirects', () => {
    const to = (location: string, status = 302) => {
      return (request: IncomingMessage, response: ServerResponse) => {
        if (request.url?.includes('target')) {
          response.end(
            JSON.stringify([
              { a: request.headers.authorization ?? null, k: request.headers['x-key'] ?? null, m: request.method },
            ]),
          )
          return
        }
        response.writeHead(status, { location })
        response.end()
      }
    }
    const secretive = { auth: 'bearer', token: secret, headers: { 'x-key': secret } }

    it('are followed with what was sent, on the same server only', async () => {
      api.handler = to('/target')
      expect((await api.read({}, {}, { connection: await api.open(secretive) })).rows).toEqual([
        [`Bearer ${secret}`, secret, 'GET'],
      ])
      api.handler = to(`${api.other}/target`)
      expect((await api.read({}, {}, { connection: await api.open(secretive) })).rows).toEqual([[null, null, 'GET']])
    })

    it('turn a POST into a GET, or do not go to another server', async () => {
      api.handler = to('/target', 303)
      expect((await api.read({ method: 'POST', json: {} })).rows[0]?.[2]).toBe('GET')
      api.handler = to('/target', 307)
      expect((await api.read({ method: 'POST', json: {} })).rows[0]?.[2]).toBe('POST')
      api.handler = to(`${api.other}/target`, 307)
      expect((await problemOf(api.read({ method: 'POST', json: {} }))).code).toBe('source_failed')
    })

    it('are checked again', async () => {
      for (const address of ['http://10.0.0.1/target', 'http://[::ffff:a9fe:a9fe]/', 'http://0x7f000002/']) {
        api.handler = to(address)
        expect((await problemOf(api.read({}))).code, address).toBe('address_refused')
      }
      for (const address of ['file:///etc/passwd', 'http://user:pw@127.0.0.1/', 'gopher://127.0.0.1/', 'http://']) {
        api.handler = to(address)
        expect((await problemOf(api.read({}))).code, address).toBe('source_failed')
      }
    })

    it('end', async () => {
      api.handler = to('/again')
      expect((await problemOf(api.read({}))).message).toContain('5 times')
    })
  })

  describe('answers', () => {
    it('may be packed, in lines, empty or in another charset', async () => {
      api.handler = (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.end(gzipSync('[{"a":1}]'))
      }
      expect((await api.read({})).rows).toEqual([[1]])
      api.answerWith('{"a":1}\n{"a":2}\n', 200, 'application/x-ndjson')
      expect((await api.read({})).rows).toEqual([[1], [2]])
      api.answerWith('', 204)
      expect(await api.read({})).toEqual({ columns: [], rows: [] })
      api.handler = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json; charset=iso-8859-1' })
        response.end(Buffer.from('["\xe9"]', 'latin1'))
      }
      expect((await api.read({})).rows).toEqual([['é']])
    })

    it('are refused when they are too large, also once they are unpacked', async () => {
      api.answerWith(`["${'x'.repeat(1_100_000)}"]`)
      expect((await problemOf(api.read({}))).code).toBe('too_many_rows')
      api.handler = (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.end(gzipSync(`["${'x'.repeat(20_000_000)}"]`))
      }
      expect((await problemOf(api.read({}))).code).toBe('too_many_rows')
      api.answerWith(Array.from({ length: 5001 }, (_, n) => n))
      expect((await problemOf(api.read({}))).code).toBe('too_many_rows')
    })

    it('that are no JSON are errors', async () => {
      api.answerWith('<html>', 200, 'text/html')
      expect((await problemOf(api.read({}))).message).toBe('The answer of the source is not JSON but text/html.')
      api.handler = (_request, response) => response.end(Buffer.from([0x22, 0xff, 0x22]))
      expect((await problemOf(api.read({}))).code).toBe('source_failed')
      api.handler = (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' })
        response.end('no gzip')
      }
      expect((await problemOf(api.read({}))).code).toBe('source_failed')
    })

    it('with an error are told with their status, and with nothing that they say', async () => {
      api.handler = (request, response) => {
        response.writeHead(429, { 'retry-after': '7' })
        response.end(`slow\u0000 down, ${request.headers.authorization}`)
      }
      const problem = await problemOf(
        api.read({}, {}, { connection: await api.open({ auth: 'bearer', token: secret }) }),
      )
      expect(problem).toMatchObject({ code: 'source_failed', retryAfter: 7 })
      expect(problem.message).toBe('The source answered with status 429.')
      api.answerWith('<b>oops</b>', 500, 'text/html')
      expect((await problemOf(api.read({}))).message).toBe('The source answered with status 500.')
      expect(api.asked).toHaveLength(2)
    })
  })

  describe('sources that do not answer', () => {
    it('are asked again with GET, not with POST', async () => {
      let failures = 2
      api.handler = (request, response) => {
        if (failures-- > 0) request.socket.destroy()
        else response.end('[1]')
      }
      expect((await api.read({})).rows).toEqual([[1]])
      expect(api.asked).toHaveLength(3)
      failures = 1
      expect((await problemOf(api.read({ method: 'POST', json: {} }))).code).toBe('source_failed')
      expect(api.asked).toHaveLength(4)
    })

    it('time out', async () => {
      api.handler = () => {}
      expect((await problemOf(api.read({}, {}, { connection: await api.open({ timeout: 0.2 }) }))).code).toBe(
        'source_timeout',
      )
      expect((await problemOf(api.read({}, {}, { connection: await api.open({}, { timeoutMs: 200 }) }))).code).toBe(
        'source_timeout',
      )
    })

    it('are left when the request is given up, down to the socket', async () => {
      const leave = new AbortController()
      const closed = new Promise((resolve) => {
        api.handler = (request) => {
          request.socket.once('close', resolve)
          leave.abort()
        }
      })
      expect((await problemOf(api.read({}, {}, { signal: leave.signal }))).code).toBe('cancelled')
      await closed
      expect((await problemOf(api.read({}, {}, { signal: AbortSignal.abort() }))).code).toBe('cancelled')
    })
  })
})
