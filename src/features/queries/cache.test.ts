import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

let now = Date.now()
let instance: Instance
let viewer: Caller
const rows = Array.from({ length: 400 }, (_, index) => `product ${index},${index}`)
beforeAll(async () => {
  instance = await anInstance(
    {
      LAPUTA_QUERY__CACHE__TTL: '60 s',
      LAPUTA_QUERY__CACHE__STALE_WHILE_REVALIDATE: '30 s',
      LAPUTA_QUERY__CACHE__FRESH_READS: '2',
    },
    { now: () => now },
  )
  await instance.anApp({ id: 'shop', domains: { sales: `product,amount\n${rows.join('\n')}\n`, few: 'n\n1\n' } })
  viewer = await instance.aUser({ privileges: { shop: ['view'] } })
})
afterAll(() => instance.close())

let made = 0
/** A query that nobody has asked before. */
const newQuery = (limit: number | null = null) => ({
  domain: 'sales',
  pipeline: [{ name: 'text', new_column: 't', text: `${++made}` }],
  limit,
})
const ask = (body: unknown, headers: Record<string, string> = {}, caller = viewer) =>
  caller.call('POST', '/shop/data', { body, headers })

describe('answers from the cache', () => {
  it('tell their state and their age, and are never older than the time to live and the window', async () => {
    const query = newQuery()
    const seen: unknown[] = []
    for (const seconds of [0, 20, 39, 2]) {
      now += seconds * 1000
      const { headers, status } = await ask(query)
      seen.push([status, headers['x-cache'], headers.age])
    }
    expect(seen).toEqual([
      [200, 'miss', '0'],
      [200, 'hit', '20'],
      [200, 'hit', '59'],
      [200, 'stale', '61'],
    ])
    await expect.poll(async () => (await ask(query)).headers['x-cache']).toBe('hit')
    now += 91_000
    expect((await ask(query)).headers).toMatchObject({ 'x-cache': 'miss', age: '0' })
  })

  it('are passed over on request, within the limit of the user and the app', async () => {
    const query = newQuery()
    const other = await instance.aUser({ privileges: { shop: ['view'] } })
    await ask(query)
    now += 10_000
    const force = async (caller: Caller) => {
      const { headers } = await ask(query, { 'cache-control': 'max-age=0, no-cache' }, caller)
      return [headers['x-cache'], headers.age]
    }
    expect([await force(other), await force(other), await force(other)]).toEqual([
      ['bypass', '0'],
      ['bypass', '0'],
      ['hit', '0'],
    ])
    now += 5_000
    expect([await force(other), await force(viewer)]).toEqual([
      ['hit', '5'],
      ['bypass', '0'],
    ])
  })

  it.each([
    ['br', (bytes: Buffer) => brotliDecompressSync(bytes)],
    ['gzip', (bytes: Buffer) => gunzipSync(bytes)],
  ])('are sent as %s with the same content and a tag of their own', async (coding, decompress) => {
    const query = newQuery()
    const plain = await ask(query)
    const token = String(plain.headers.etag)
    expect([plain.headers.vary, plain.headers['content-encoding']]).toEqual([
      'Authorization, Cookie, Accept-Encoding',
      undefined,
    ])
    const response = await ask(query, { 'accept-encoding': coding })
    expect(response.headers).toMatchObject({
      'content-encoding': coding,
      'x-cache': 'hit',
      etag: token.replace(/"$/, `-${coding}"`),
    })
    expect(response.bytes.length).toBeLessThan(Number(plain.headers['content-length']) / 3)
    expect(JSON.parse(decompress(response.bytes).toString())).toEqual(plain.body)
    const again = await ask(query, { 'accept-encoding': coding, 'if-none-match': String(response.headers.etag) })
    expect([again.status, again.body, again.headers.etag]).toEqual([304, '', response.headers.etag])
    expect((await ask(query, { 'if-none-match': String(response.headers.etag) })).status).toBe(200)
    expect((await ask(query, { 'if-none-match': token })).status).toBe(304)
  })

  it('are not compressed when they are small', async () => {
    const { headers } = await ask({ domain: 'few', pipeline: [] }, { 'accept-encoding': 'br' })
    expect([headers['content-encoding'], headers.vary]).toEqual([undefined, 'Authorization, Cookie'])
  })

  it('are 304 across a new reading that gave the same bytes', async () => {
    const query = newQuery()
    const { etag } = (await ask(query)).headers
    const { status, headers } = await ask(query, { 'if-none-match': String(etag), 'cache-control': 'no-cache' })
    expect([status, headers['x-cache'] === 'bypass' || headers['x-cache'] === 'hit']).toEqual([304, true])
  })

  it('do not outlive a change of the rows', async () => {
    const query = { domain: 'few', pipeline: [{ name: 'text', new_column: 't', text: `${++made}` }] }
    expect((await ask(query)).body.data).toHaveLength(1)
    await instance.admin.upload('shop', 'few', 'n\n1\n2\n')
    await instance.admin.publish('shop')
    const { body, headers } = await ask(query)
    expect([body.data.length, headers['x-cache']]).toEqual([2, 'miss'])
  })
})
