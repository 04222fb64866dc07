import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

let instance: Instance
let builder: Caller
let viewer: Caller

beforeAll(async () => {
  instance = await anInstance({ LAPUTA_HTTP__UPLOAD_LIMIT: '100 KiB' })
  await instance.anApp({ id: 'shop', domains: { sales: 'country,n\nFR,1\nIT,2\n' } })
  builder = await instance.aUser({ privileges: { shop: ['contribute'] } })
  viewer = await instance.aUser({ privileges: { shop: ['view'] } })
})
afterAll(() => instance.close())

const rowsOf = async (domain: string) =>
  (await builder.call('POST', '/shop/data?stage=staging', { body: { domain, pipeline: [] } })).body.data

describe('POST /<app>/data/sources', () => {
  it('makes a new version with types that were found', async () => {
    const csv = 'id;name;price;day;ok\n1;tea;1.5;2024-02-29;true\n2;jam;;2024-03-01T10:00:00Z;false\n'
    const { status, body } = await builder.upload('shop', 'goods', csv)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      domain: 'goods',
      count: 2,
      columns: [
        { name: 'id', type: 'integer' },
        { name: 'name', type: 'text' },
        { name: 'price', type: 'number' },
        { name: 'day', type: 'date' },
        { name: 'ok', type: 'boolean' },
      ],
    })
    expect(await rowsOf('goods')).toEqual([
      { id: 1, name: 'tea', price: 1.5, day: '2024-02-29T00:00:00.000Z', ok: true },
      { id: 2, name: 'jam', price: null, day: '2024-03-01T10:00:00.000Z', ok: false },
    ])
  })

  it('takes the domain from the name of the file', async () => {
    const form =
      '--b\r\ncontent-disposition: form-data; name="file"; filename="my goods.csv"\r\n\r\na\n1\n\r\n--b--\r\n'
    const headers = { 'content-type': 'multipart/form-data; boundary=b' }
    const { status, body } = await builder.call('POST', '/shop/data/sources?stage=staging', { body: form, headers })
    expect([status, body.domain]).toEqual([201, 'my goods'])
  })

  const bad: [string, string | Buffer, number, string][] = [
    ['empty', '', 422, 'csv_invalid'],
    ['ragged', 'a,b\n1,2\n3\n4,5,6\n', 422, 'csv_invalid'],
    ['not text', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 1, 2, 3]), 422, 'csv_invalid'],
    ['with a column twice', 'a,b,a\n1,2,3\n', 422, 'csv_invalid'],
    ['larger than the limit', `a\n${'x'.repeat(200_000)}\n`, 413, 'too_large'],
  ]
  it.each(bad)('refuses a file that is %s and keeps what there was', async (...[, csv, status, code]) => {
    const before = await rowsOf('sales')
    const answer = await builder.upload('shop', 'sales', csv)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.body.errors.length).toBeGreaterThan(0)
    expect(await rowsOf('sales')).toEqual(before)
  })

  it('names the lines of ragged rows and the columns that repeat', async () => {
    const ragged = await builder.upload('shop', 'x', 'a,b\n1,2\n3\n')
    expect(ragged.body.errors[0].line).toBe(3)
    const twice = await builder.upload('shop', 'x', 'a,b,a\n1,2,3\n')
    expect(twice.body.errors[0].column).toBe('a')
  })

  it('refuses names that are none, other forms, and other people', async () => {
    for (const domain of ['', ' x', 'a/b', 'a\u0000b', '__proto__', 'x'.repeat(200)]) {
      expect((await builder.upload('shop', domain, 'a\n1\n')).status).toBe(400)
    }
    expect((await builder.call('POST', '/shop/data/sources', { body: { a: 1 } })).status).toBe(415)
    const empty = { body: '--b--\r\n', headers: { 'content-type': 'multipart/form-data; boundary=b' } }
    expect((await builder.call('POST', '/shop/data/sources', empty)).status).toBe(400)
    expect((await viewer.upload('shop', 'sales', 'a\n1\n')).status).toBe(403)
    expect((await instance.nobody.upload('shop', 'sales', 'a\n1\n')).status).toBe(401)
    expect((await (await instance.aUser()).upload('shop', 'sales', 'a\n1\n')).status).toBe(404)
  })

  it('keeps hostile names as they are', async () => {
    const names = ['a"b', "a'b", 'A"B', 'a;drop table data', '$where', '{{ x }}', '🌍', 'select', '__proto__', 'a.b']
    // In a step, a name with braces would be a template.
    const plain = names.filter((name) => !name.includes('{{'))
    const csv = `${names.map((name) => `"${name.replaceAll('"', '""')}"`).join(',')}\n${names.map((_, index) => index).join(',')}\n`
    const { body } = await builder.upload('shop', 'hostile"; --', csv)
    expect(body.columns.map(({ name }: { name: string }) => name)).toEqual(names)
    const { body: answer } = await builder.call('POST', '/shop/data?stage=staging', {
      body: {
        domain: 'hostile"; --',
        pipeline: [{ name: 'sort', columns: plain.map((column) => ({ column, order: 'asc' })) }],
      },
    })
    expect(answer.columns.map(({ name }: { name: string }) => name)).toEqual(names)
    expect(Object.entries(answer.data[0])).toEqual(names.map((name, index) => [name, index]))
  })
})

describe('GET and DELETE', () => {
  it('lists sources for builders and domains for viewers', async () => {
    const sources = await builder.call('GET', '/shop/data/sources')
    expect(sources.body).toMatchObject([{ domain: 'sales', filename: 't.csv', count: 2, size: 20 }])
    expect((await viewer.call('GET', '/shop/data/sources')).status).toBe(403)
    expect((await viewer.call('GET', '/shop/data/domains')).body).toEqual([
      {
        domain: 'sales',
        kind: 'stored',
        columns: [
          { name: 'country', type: 'text' },
          { name: 'n', type: 'integer' },
        ],
        count: null,
      },
    ])
    expect((await builder.call('GET', '/shop/data/domains')).body[0].count).toBe(2)
    expect((await instance.nobody.call('GET', '/shop/data/domains')).status).toBe(401)
    expect((await instance.nobody.call('GET', '/shop/data/sources')).status).toBe(401)
    const stranger = await instance.aUser()
    expect((await stranger.call('GET', '/shop/data/domains')).status).toBe(404)
    expect((await stranger.call('GET', '/shop/data/sources')).status).toBe(404)
  })

  it('removes a domain from staging only', async () => {
    await builder.upload('shop', 'gone', 'a\n1\n')
    expect((await viewer.call('DELETE', '/shop/data/sources/gone')).status).toBe(403)
    expect((await instance.nobody.call('DELETE', '/shop/data/sources/gone')).status).toBe(401)
    expect((await builder.call('DELETE', '/shop/data/sources/gone')).status).toBe(200)
    expect((await builder.call('DELETE', '/shop/data/sources/gone')).status).toBe(404)
    expect((await builder.call('DELETE', '/shop/data/sources/%2Fetc')).status).toBe(400)
  })
})
