import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { problemOf } from '../../../test/builders/problem-of.ts'
import type { JsonObject } from '../../base/index.ts'
import { connectors } from '../index.ts'

const never = new AbortController().signal
const secret = 'marker-secret'

describe('requests to HTTP sources', () => {
  const connector = connectors.get('http')!
  let api: HttpSource
  beforeAll(async () => {
    api = await anHttpSource()
  })
  afterEach(() => api.reset())
  afterAll(() => api.close())

  it('makes a table with one type a column', async () => {
    api.answerWith([
      { i: 1, n: 1, b: true, t: 'x', d: '2024-02-29T12:00:00+02:00', m: 1, o: { a: [1] }, x: null },
      { i: null, n: 0.5, b: false, t: '2024-01-01', d: '2024-03-01T00:00:00.5Z', m: 'one', l: [1], far: 1e300 },
    ])
    expect(await api.read({ url: '/things' })).toEqual({
      columns: [
        'i integer',
        'n number',
        'b boolean',
        't text',
        'd date',
        'm text',
        'o text',
        'x text',
        'l text',
        'far number',
      ],
      rows: [
        [1, 1, true, 'x', new Date('2024-02-29T10:00:00Z'), '1', '{"a":[1]}', null, null, null],
        [null, 0.5, false, '2024-01-01', new Date('2024-03-01T00:00:00.500Z'), 'one', null, null, '[1]', 1e300],
      ],
    })
    expect(api.asked).toEqual(['GET /api/things'])
  })

  it.each([
    ['.', { a: 1 }, [[1]]],
    ['.data.items', { data: { items: [{ a: 1 }, { a: 2 }] } }, [[1], [2]]],
    ['.data.items[]', { data: { items: [{ a: 1 }, { a: 2 }] } }, [[1], [2]]],
    ['.[]', [{ a: 1 }], [[1]]],
    ['.none', {}, [[null]]],
    ['.', [1, 2], [[1], [2]]],
    [
      '.',
      { a: [1, 2], b: [3, 4] },
      [
        [1, 3],
        [2, 4],
      ],
    ],
    ['[.items[] | select(.a > 1) | {b: .a}]', { items: [{ a: 1 }, { a: 2 }] }, [[2]]],
    ['.items[] | {b: .a}', { items: [{ a: 1 }, { a: 2 }] }, [[1], [2]]],
    ['empty', {}, []],
  ])('filters with jq: %s', async (filter, body, rows) => {
    api.answerWith(body)
    expect((await api.read({ url: '', filter })).rows).toEqual(rows)
    expect(api.asked).toEqual(['GET /api'])
  })

  it('says what is wrong with a filter, and not what the rows are', async () => {
    api.answerWith({ card: secret })
    expect((await problemOf(api.read({ filter: '.[' }))).message).toMatch(/syntax error/)
    for (const filter of ['.card.number', '.card | .x', '.card | tonumber', 'error(.card)']) {
      const problem = await problemOf(api.read({ filter }))
      expect(problem.code).toBe('query_failed')
      expect(problem.message).not.toContain(secret)
    }
  })

  it('ends filters that run for ever', async () => {
    api.answerWith({})
    const problem = await problemOf(
      api.read({ filter: 'def f: f; f' }, {}, { connection: await api.open({}, { timeoutMs: 500 }) }),
    )
    expect(problem.code).toBe('source_timeout')
  })

  describe('variables', () => {
    const echo = (request: IncomingMessage, response: ServerResponse, body: string) => {
      response.end(JSON.stringify({ url: request.url, header: request.headers['x-for'] ?? null, body }))
    }

    it('keep their types and their place', async () => {
      api.handler = echo
      const query = {
        url: '/users/{{ id }}/orders',
        method: 'POST',
        params: { since: '{{ day }}', tag: ['{{ tags }}', 'z'], none: '{{ nothing }}', q: 'a{{ n }}' },
        headers: { 'x-for': '{{ id }}' },
        json: { n: '{{ n }}', list: ['{{ tags }}', 1], deep: { text: 'n={{ n }}' } },
      }
      const { rows } = await api.read(query, {
        id: 'Ünal & co',
        day: '2024-01-01',
        tags: ['x', 'y/&'],
        nothing: null,
        n: 3,
      })
      expect(rows).toEqual([
        [
          '/api/users/%C3%9Cnal%20%26%20co/orders?since=2024-01-01&tag=x&tag=y%2F%26&tag=z&q=a3',
          'Ünal & co',
          '{"n":3,"list":["x","y/&",1],"deep":{"text":"n=3"}}',
        ],
      ])
    })

    it.each([['..'], ['.'], ['a/b'], ['..\\..'], ['a\r\nb'], [''], ['\ud800'], [null], [['a']], [{ a: 1 }]])(
      'cannot lead to another path: %j',
      (id) => {
        expect(() => connector.resolve({ url: '/users/{{ id }}' }, { id } as JsonObject)).toThrow(
          /value in an address|fits/,
        )
      },
    )

    it('cannot add parameters or a fragment', async () => {
      api.handler = echo
      const { rows } = await api.read({ url: '/a/{{ id }}' }, { id: 'x?admin=1#y&z=%2e%2e' })
      expect(rows[0]?.[0]).toBe('/api/a/x%3Fadmin%3D1%23y%26z%3D%252e%252e')
    })

    it('cannot add headers', () => {
      expect(() => connector.resolve({ headers: { 'x-for': '{{ v }}' } }, { v: 'a\r\nx: y' })).toThrow(/characters/)
      for (const name of ['Host', 'content-length', 'Transfer-Encoding', 'proxy-authorization', 'a b', 'x:y', '']) {
        expect(connector.query.safeParse({ headers: { [name]: 'x' } }).success).toBe(false)
      }
    })

    it('are named when they are not there', () => {
      const queries: JsonObject[] = [
        { url: '/{{ city }}' },
        { params: { a: '{{ city }}' } },
        { json: [['{{ city }}']] },
      ]
      for (const query of queries) {
        expect(() => connector.resolve(query, {})).toThrow(/"city" is not defined/)
      }
      expect(() => connector.resolve({ url: '/{% if a %}x{% endif %}' }, {})).toThrow(/only/)
    })
  })

  it.each([
    ['/../admin'],
    ['/a/../../admin'],
    ['/%2e%2e/admin'],
    ['/..%2fadmin'],
    ['/..;/..\\admin'],
    ['/a#b'],
    ['/a b'],
  ])('stays below its base route: %s', async (url) => {
    api.answerWith([])
    expect((await problemOf(api.read({ url }))).code).toBe('pipeline_invalid')
    expect(api.asked).toEqual([])
  })

  it.each([['//evil.test/x'], ['http://evil.test/'], ['@evil.test'], [':80/x'], ['.evil.test']])(
    'asks its own server only: %s',
    async (url) => {
      api.answerWith([])
      await api.read({ url })
      expect(api.asked).toHaveLength(1)
      expect(api.asked[0]).toMatch(/^GET \/api\//)
    },
  )

  describe('authentication', () => {
    const seen = async (config: JsonObject, name = 'authorization') => {
      api.handler = (request, response) => response.end(JSON.stringify([request.headers[name] ?? null]))
      return (await api.read({}, {}, { connection: await api.open(config) })).rows[0]?.[0]
    }
    it('is sent as the configuration says', async () => {
      expect(await seen({})).toBe(null)
      expect(await seen({ auth: 'basic', username: 'é', password: 'p:w' })).toBe(`Basic ${btoa('\u00c3\u00a9:p:w')}`)
      expect(await seen({ auth: 'bearer', token: 't' })).toBe('Bearer t')
      expect(await seen({ auth: 'header', header_name: 'X-Key', token: 't' }, 'x-key')).toBe('t')
    })

    it('is checked with the configuration', () => {
      for (const config of [
        { auth: 'basic' },
        { auth: 'bearer' },
        { auth: 'header', token: 't' },
        { auth: 'bearer', token: 'a\nb' },
        { baseroute: 'ftp://x' },
        { baseroute: 'http://user:pw@x' },
        { baseroute: 'http://x/?a' },
        { baseroute: 'javascript:alert(1)' },
        { unknown: 1 },
      ]) {
        expect(connector.config.safeParse({ baseroute: api.base, ...config }).success, JSON.stringify(config)).toBe(
          false,
        )
      }
    })
  })

  it('does not reach what the operator has not allowed', async () => {
    const connection = await api.open({}, {}, [])
    const problem = await problemOf(api.read({}, {}, { connection }))
    expect(problem.code).toBe('address_refused')
    expect(await connection.status(never)).toMatchObject({
      ok: false,
      checks: [
        { name: 'Host resolved', passed: false },
        { name: 'Port opened', passed: null },
      ],
    })
    expect(api.asked).toEqual([])
  })

  it('refuses what it cannot run', async () => {
    const engine = (await api.open()).engine(new Map([['d', connector.resolve({}, {})]]))
    const query = guardedForTest([{ name: 'domain', domain: 'd' }])
    expect((await problemOf(engine.fetch(query, { offset: 0, limit: 1, maxRows: 1 }, never))).code).toBe('internal')
    const more = guardedForTest([
      { name: 'domain', domain: 'd' },
      { name: 'delete', columns: ['a'] },
    ])
    expect((await problemOf(engine.stream(more, never)[Symbol.asyncIterator]().next())).code).toBe('internal')
  })
})
