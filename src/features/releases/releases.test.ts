import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

/** How long to wait for what happens in the background. */
const soon = { timeout: 15_000 }

let instance: Instance
let builder: Caller

beforeAll(async () => {
  instance = await anInstance({ LAPUTA_HTTP__TRUST_PROXY: '127.0.0.1' })
  builder = await instance.aUser({ privileges: { shop: ['contribute'] } })
  await instance.anApp({ id: 'shop', domains: { sales: 'n\n1\n', costs: 'n\n1\n' } })
})
afterAll(() => instance.close())

const rowsOf = async (domain: string, stage: string) => {
  const { body } = await builder.call('POST', `/shop/data?stage=${stage}`, { body: { domain, pipeline: [] } })
  return body.data?.length ?? body.code
}
const publish = (body?: unknown, headers = {}) => builder.publish('shop', body, headers)
const begin = (body?: unknown, headers = {}) =>
  builder.call('POST', '/shop/data/release', { ...(body !== undefined && { body }), headers })

describe('POST /<app>/data/release', () => {
  it('shows nothing of staging before it is published, and all of it afterwards', async () => {
    await builder.upload('shop', 'sales', 'n\n1\n2\n')
    expect([await rowsOf('sales', 'staging'), await rowsOf('sales', 'production')]).toEqual([2, 1])
    const { status, body, headers } = await publish()
    expect(status).toBe(200)
    expect(body).toMatchObject({ by: expect.stringMatching(/^user-/), release: expect.any(String) })
    expect(body.operation).toMatchObject({ id: body.operation_id, job: 'publish', state: 'done', attempt: 1 })
    expect(headers.location).toBe(`/shop/operations/${body.operation_id}`)
    expect(headers['preference-applied']).toBe('wait=30')
    expect(await rowsOf('sales', 'production')).toBe(2)
  })

  it('answers at once, and tells where to follow it', async () => {
    await builder.upload('shop', 'sales', 'n\n1\n2\n3\n4\n')
    for (const headers of [{}, { prefer: 'respond-async' }, { prefer: 'wait=0' }, { prefer: 'wait=soon' }]) {
      const { status, body, headers: answered } = await begin(undefined, headers)
      expect(status).toBe(202)
      expect(body).toEqual({ message: expect.any(String), operation_id: expect.any(String) })
      expect(answered.location).toBe(`/shop/operations/${body.operation_id}`)
      await expect
        .poll(async () => (await builder.call('GET', String(answered.location))).body.state, soon)
        .toBe('done')
    }
    expect(await rowsOf('sales', 'production')).toBe(4)
  })

  it('publishes chosen domains and leaves the others', async () => {
    await builder.upload('shop', 'sales', 'n\n1\n2\n3\n')
    await builder.upload('shop', 'costs', 'n\n1\n2\n3\n')
    expect((await publish({ domains: ['costs'] })).status).toBe(200)
    expect([await rowsOf('sales', 'production'), await rowsOf('costs', 'production')]).toEqual([4, 3])
    expect((await publish({ parts: ['data'] })).status).toBe(200)
    expect(await rowsOf('sales', 'production')).toBe(3)
  })

  it('answers the error of the operation to those who wait, and keeps it for the others', async () => {
    const unknown = await publish({ domains: ['cots'] })
    expect([unknown.status, unknown.body.errors[0].nearest]).toEqual([400, ['costs']])
    const { body } = await begin({ domains: ['cots'] })
    const follow = async () => (await builder.call('GET', `/shop/operations/${body.operation_id}`)).body
    await expect.poll(async () => (await follow()).state, soon).toBe('failed')
    expect((await follow()).error).toMatchObject({ code: 'invalid_request', errors: [{ path: '/domains' }] })
  })

  it('publishes the removal of a domain', async () => {
    await builder.upload('shop', 'old', 'n\n1\n')
    await publish()
    await builder.call('DELETE', '/shop/data/sources/old')
    expect([await rowsOf('old', 'staging'), await rowsOf('old', 'production')]).toEqual(['pipeline_invalid', 0])
    await publish({ domains: ['old'] })
    expect(await rowsOf('old', 'production')).toBe('pipeline_invalid')
  })

  it('refuses to publish another state than the one that was looked at', async () => {
    const { headers } = await builder.call('GET', '/shop/permissions?stage=staging')
    await builder.upload('shop', 'sales', 'n\n1\n')
    for (const send of [publish, begin]) {
      expect((await send({}, { 'if-match': String(headers.etag) })).status).toBe(412)
    }
    expect(await rowsOf('sales', 'production')).toBe(3)
  })

  it('keeps every edit of staging when many come at once', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `many-${index}`)
    const answers = await Promise.all(names.map((name) => builder.upload('shop', name, 'n\n1\n')))
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201))
    const { body } = await builder.call('GET', '/shop/data/sources?stage=staging')
    expect(body.map(({ domain }: { domain: string }) => domain)).toEqual(expect.arrayContaining(names))
  })

  it('does the work once for an Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'one-release' }
    const first = await publish({}, headers)
    await builder.upload('shop', 'sales', 'n\n1\n2\n3\n4\n5\n')
    const again = await publish({}, headers)
    expect(again.headers['idempotent-replayed']).toBe('true')
    expect(again.body).toEqual(first.body)
    expect(await rowsOf('sales', 'production')).toBe(1)
  })

  it('gives the same operation for the same Idempotency-Key, wherever somebody is by then', async () => {
    const from = (address: string) =>
      begin({ domains: ['cots'] }, { 'idempotency-key': 'moving', 'x-forwarded-for': address, prefer: 'wait=30' })
    // An answer that is no success is not kept: the second request is looked at anew.
    const [first, second] = [await from('192.0.2.1'), await from('192.0.2.2')]
    expect([first.status, second.status]).toEqual([400, 400])
    const { body } = await builder.call('GET', '/shop/operations?job=publish&limit=2')
    expect(body.map(({ state }: { state: string }) => state)).toEqual(['failed', 'done'])
    const { body: entries } = await instance.admin.call('GET', '/audit?limit=20')
    expect(entries).toContainEqual(expect.objectContaining({ action: 'release.publish', address: '192.0.2.1' }))
  })

  it('publishes as often as it is asked, one after the other', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => publish()))
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(new Set(answers.map(({ body }) => body.operation_id)).size).toBe(8)
  })

  it('is for builders, and refuses what it does not know', async () => {
    const viewer = await instance.aUser({ privileges: { shop: ['validate'] } })
    const stranger = await instance.aUser()
    expect((await instance.nobody.call('POST', '/shop/data/release')).status).toBe(401)
    expect((await viewer.call('POST', '/shop/data/release')).status).toBe(403)
    expect((await stranger.call('POST', '/shop/data/release')).status).toBe(404)
    expect((await publish({ everything: true })).status).toBe(400)
    expect((await publish({ parts: ['design'] })).status).toBe(400)
    expect((await publish({ domains: [] })).status).toBe(400)
    expect((await instance.admin.call('POST', '/nowhere/data/release')).status).toBe(404)
  })
})
