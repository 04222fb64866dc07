import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

/** How long to wait for what happens in the background. */
const soon = { timeout: 15_000 }

let instance: Instance
let builder: Caller

beforeAll(async () => {
  instance = await anInstance({ LAPUTA_HTTP__UPLOAD_LIMIT: '1 MiB', LAPUTA_JOBS__ISOLATE: 'never' })
  await instance.anApp({ id: 'shop', domains: { sales: 'n\n1\n' } })
  builder = await instance.aUser({ privileges: { shop: ['contribute'] } })
})
afterAll(() => instance.close())

interface Form {
  readonly fields?: Record<string, string | number>
  readonly csv: string
  readonly headers?: Record<string, string>
}

function form({ fields = {}, csv }: Form): string {
  const texts = Object.entries(fields).map(
    ([name, value]) => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const file = `--b\r\ncontent-disposition: form-data; name="file"; filename="t.csv"\r\n\r\n${csv}\r\n--b--\r\n`
  return `${texts.join('')}${file}`
}

const multipart = { 'content-type': 'multipart/form-data; boundary=b' }
const send = (content: Form, caller = builder) =>
  caller.call('POST', '/shop/data/sources', { body: form(content), headers: { ...multipart, ...content.headers } })
const rowsOf = async (domain: string) =>
  (await builder.call('POST', '/shop/data?stage=staging', { body: { domain, pipeline: [] } })).body.data
const operations = async (query: string) => (await builder.call('GET', `/shop/operations?job=import&${query}`)).body
const table = (rows: number) => `n\n${Array.from({ length: rows }, (_, n) => n).join('\n')}\n`

describe('POST /<app>/data/sources', () => {
  it('answers with what is in staging, and with the operation that brought it there', async () => {
    const { status, body, headers } = await send({ fields: { domain: 'goods' }, csv: table(3) })
    expect(status).toBe(201)
    expect(body).toMatchObject({ domain: 'goods', count: 3, columns: [{ name: 'n', type: 'integer' }] })
    expect(headers.location).toBe(`/shop/operations/${body.operation_id}`)
    expect(body.operation).toMatchObject({ job: 'import', state: 'done', result: { version: body.version, count: 3 } })
  })

  it('answers at once when the client prefers that', async () => {
    const { status, body, headers } = await send({
      ...{ fields: { domain: 'later' }, csv: table(4) },
      headers: { prefer: 'respond-async' },
    })
    expect([status, headers['preference-applied']]).toEqual([202, 'respond-async'])
    expect(body).toEqual({ message: expect.any(String), operation_id: expect.any(String), domain: 'later' })
    const state = async () => (await builder.call('GET', String(headers.location))).body.state
    await expect.poll(state, soon).toBe('done')
    expect(await rowsOf('later')).toHaveLength(4)
  })

  it('keeps what was sent last, also when something that was sent earlier is read later', async () => {
    const { body } = await send({
      ...{ fields: { domain: 'both' }, csv: table(140_000) },
      headers: { prefer: 'respond-async' },
    })
    const early = `/shop/operations/${body.operation_id}`
    const state = async () => (await builder.call('GET', early)).body.state
    await builder.call('POST', `${early}/cancel`)
    await expect.poll(state, soon).toBe('cancelled')
    await send({ fields: { domain: 'both' }, csv: table(1) })
    await builder.call('POST', `${early}/retry`)
    await expect.poll(state, soon).toBe('done')
    expect(await rowsOf('both')).toHaveLength(1)
    expect((await builder.call('GET', early)).body.lines).toEqual([expect.stringContaining('sent later')])
  })

  it('does the work once for an Idempotency-Key', async () => {
    const upload = { fields: { domain: 'once' }, csv: table(2), headers: { 'idempotency-key': 'the-same' } }
    const [first, second] = [await send(upload), await send(upload)]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body).toEqual(first.body)
    expect((await send({ ...upload, csv: table(3) })).status).toBe(409)
  })

  it('is given up when whoever sent it leaves before it is read', async () => {
    const address = new URL(await instance.listen())
    const csv = table(150_000)
    const upload = request({
      ...{ host: address.hostname, port: address.port, path: '/shop/data/sources', method: 'POST' },
      headers: { ...builder.authorization, ...multipart },
    })
    upload.on('error', () => {})
    upload.end(form({ fields: { domain: 'left' }, csv }))
    await expect.poll(() => operations('state=queued,running'), { ...soon, interval: 5 }).toHaveLength(1)
    upload.destroy()
    await expect.poll(() => operations('state=queued,running'), soon).toEqual([])
    expect((await operations('limit=1'))[0].state).toBe('cancelled')
    expect(await rowsOf('left')).toBeUndefined()
    expect(readdirSync(join(instance.home, 'tmp')).filter((name) => name.startsWith('upload-'))).toEqual([])
  })

  it('refuses an app that is not there before it takes the file', async () => {
    expect((await instance.admin.upload('nowhere', 'a', 'n\n1\n')).status).toBe(404)
  })
})

describe('a file in parts', () => {
  const csv = table(1000)
  const size = 1000
  const parts = Array.from({ length: Math.ceil(csv.length / size) }, (_, index) => ({
    csv: csv.slice(index * size, (index + 1) * size),
    index,
  }))
  const about = (uuid: string, index: number, wrong: Record<string, string | number> = {}) => ({
    ...{ domain: 'parts', dzuuid: uuid, dzchunkindex: index, dztotalchunkcount: parts.length },
    ...{ dzchunkbyteoffset: index * size, dztotalfilesize: csv.length, dzchunksize: size },
    ...wrong,
  })
  const sendPart = ({ csv: part, index }: (typeof parts)[number], uuid: string, wrong = {}) =>
    send({ fields: about(uuid, index, wrong), csv: part })

  it('is put together in whatever order its parts come', async () => {
    const [first, ...others] = parts
    for (const [place, part] of others.reverse().entries()) {
      const { status, body } = await sendPart(part, 'file-1')
      expect([status, body.parts_received]).toEqual([202, place + 1])
    }
    const { status, body } = await sendPart(first!, 'file-1')
    expect([status, body.count]).toEqual([201, 1000])
    expect((await rowsOf('parts')).map(({ n }: { n: number }) => n)).toEqual(Array.from({ length: 1000 }, (_, n) => n))
  })

  it('may come all at once, and twice', async () => {
    const answers = await Promise.all([...parts, ...parts].map((part) => sendPart(part, 'file-2')))
    const ended = answers.filter(({ status }) => status === 201)
    expect(ended.length).toBeGreaterThan(0)
    expect(new Set(ended.map(({ body }) => body.count))).toEqual(new Set([1000]))
    expect(answers.every(({ status }) => status === 201 || status === 202)).toBe(true)
  })

  it('need not be sent anew as a whole when it could not be read: the part that was wrong is enough', async () => {
    const [head, right, wrong] = ['a,b\n1,2\n', '3,4\n', '345\n']
    const fields = (index: number) => ({
      ...{ domain: 'ragged', dzuuid: 'file-ragged', dzchunkindex: index, dztotalchunkcount: 2 },
      ...{ dzchunkbyteoffset: index * head.length, dztotalfilesize: head.length + right.length },
    })
    expect((await send({ fields: fields(0), csv: head })).status).toBe(202)
    for (let n = 0; n < 2; n++) {
      const refused = await send({ fields: fields(1), csv: wrong })
      expect([refused.status, refused.body.code]).toEqual([422, 'csv_invalid'])
    }
    const { status, body } = await send({ fields: fields(1), csv: right })
    expect([status, body.count]).toEqual([201, 2])
    const later = await send({ fields: fields(1), csv: right })
    expect([later.status, later.body.parts_received]).toEqual([202, 1])
  })

  it('is the file of whoever sends it', async () => {
    const other = await instance.aUser({ privileges: { shop: ['contribute'] } })
    for (const part of parts.slice(1)) await sendPart(part, 'file-3')
    const answer = await send({ fields: about('file-3', 0), csv: parts[0]!.csv }, other)
    expect([answer.status, answer.body.parts_received]).toEqual([202, 1])
  })

  it.each([
    ['an index beyond the last', { dzchunkindex: 99 }, 400],
    ['no number', { dzchunkbyteoffset: 'x' }, 400],
    ['a hostile id', { dzuuid: '../../etc' }, 400],
    ['too many parts', { dztotalchunkcount: 1_000_000 }, 400],
    ['a file larger than the limit', { dztotalfilesize: 2_000_000 }, 413],
  ])('is refused with %s', async (_, wrong, status) => {
    const answer = await sendPart(parts[0]!, 'file-4', wrong)
    expect(answer.status).toBe(status)
    expect(answer.body.errors.length).toBeGreaterThan(0)
  })

  it.each([
    ['overlap', { dzchunkbyteoffset: 5 }],
    ['have another size together', { dztotalfilesize: csv.length + 1 }],
  ])('is refused when its parts %s', async (what, wrong) => {
    const uuid = `file-${what.length}`
    const answers: Answer[] = []
    for (const part of parts) answers.push(await sendPart(part, uuid, part.index === 0 ? {} : wrong))
    const last = answers.at(-1)
    expect([last?.status, last?.body.code]).toEqual([400, 'invalid_request'])
  })
})

it('keeps what was sent last also when clocks tell nothing: after an answer, what follows is later', async () => {
  const stopped = Date.parse('2026-03-01T12:00:00.000Z')
  const still = await anInstance({}, { now: () => stopped })
  try {
    await still.anApp({ id: 'shop', published: false })
    for (let rows = 1; rows <= 8; rows++) {
      expect((await still.admin.upload('shop', 'sales', table(rows))).status).toBe(201)
      const body = { domain: 'sales', pipeline: [] }
      expect((await still.admin.call('POST', '/shop/data?stage=staging', { body })).body.data).toHaveLength(rows)
    }
  } finally {
    await still.close()
  }
})
