import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { isReserved } from './reserved.ts'

let instance: Instance
let viewer: Caller

beforeAll(async () => {
  instance = await anInstance()
  await instance.anApp({ id: 'shop' })
  await instance.anApp({ id: 'lab', published: false })
  viewer = await instance.aUser({ privileges: { shop: ['view'] } })
})
afterAll(() => instance.close())

describe('/small-apps', () => {
  it('lists what the caller may see', async () => {
    const all = await instance.admin.call('GET', '/small-apps')
    expect(all.body).toMatchObject([
      { id: 'lab', stage: 'staging', privilege: 'contribute' },
      { id: 'shop', stage: 'production', privilege: 'contribute' },
    ])
    expect(all.body[0].last_update).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
    expect((await viewer.call('GET', '/small-apps')).body).toMatchObject([
      { id: 'shop', name: 'shop', privilege: 'view' },
    ])
    expect((await instance.nobody.call('GET', '/small-apps')).status).toBe(401)
  })

  it('reads one, and answers the same for one that is not yours and one that does not exist', async () => {
    expect((await viewer.call('GET', '/small-apps/shop')).body).toMatchObject({ id: 'shop' })
    const other = await viewer.call('GET', '/small-apps/lab')
    const missing = await viewer.call('GET', '/small-apps/bal')
    expect([other.status, missing.status]).toEqual([404, 404])
    const text = (answer: typeof other) => JSON.stringify({ ...answer.body, requestId: '' }).replaceAll('bal', 'lab')
    expect(text(other)).toBe(text(missing))
    expect((await instance.admin.call('GET', '/small-apps/bal')).status).toBe(404)
    expect((await instance.nobody.call('GET', '/small-apps/shop')).status).toBe(401)
  })

  it('creates one, once', async () => {
    const created = await instance.admin.call('POST', '/small-apps', { body: { id: 'new', name: ' New app ' } })
    expect([created.status, created.headers.location]).toEqual([201, '/small-apps/new'])
    expect(created.body).toMatchObject({ id: 'new', name: 'New app', stage: 'staging' })
    expect((await instance.admin.call('POST', '/small-apps', { body: { id: 'new', name: 'Again' } })).body.code).toBe(
      'conflict',
    )
    const many = await Promise.all(
      Array.from({ length: 8 }, () => instance.admin.call('POST', '/small-apps', { body: { id: 'race', name: 'r' } })),
    )
    expect(many.filter(({ status }) => status === 201)).toHaveLength(1)
  })

  it('refuses ids that are none, and names of the API', async () => {
    for (const id of ['', 'A', 'a b', 'ü', '-a', '../x', 'a/b', 'x'.repeat(64), 1, null]) {
      expect((await instance.admin.call('POST', '/small-apps', { body: { id, name: 'x' } })).body.code).toBe(
        'invalid_request',
      )
    }
    for (const id of ['users', 'console', 'openapi', 'small-apps', 'health', 'scripts', 'render', 'embed', 'login']) {
      expect((await instance.admin.call('POST', '/small-apps', { body: { id, name: 'x' } })).status).toBe(409)
    }
    expect((await instance.admin.call('POST', '/small-apps', { body: { id: 'ok', name: 'x', color: 1 } })).status).toBe(
      400,
    )
    expect((await instance.admin.call('POST', '/small-apps', { body: { id: 'ok', name: ' ' } })).status).toBe(400)
    expect((await viewer.call('POST', '/small-apps', { body: { id: 'ok', name: 'x' } })).status).toBe(403)
    expect((await instance.nobody.call('POST', '/small-apps', { body: { id: 'ok', name: 'x' } })).status).toBe(401)
  })

  it('removes one with everybody’s privileges on it', async () => {
    await instance.anApp({ id: 'short', domains: { sales: 'n\n1\n' } })
    const fan = await instance.aUser({ privileges: { short: ['view'] } })
    expect((await fan.call('DELETE', '/small-apps/short')).status).toBe(403)
    expect((await viewer.call('DELETE', '/small-apps/short')).status).toBe(404)
    expect((await instance.nobody.call('DELETE', '/small-apps/short')).status).toBe(401)
    expect((await instance.admin.call('DELETE', '/small-apps/short')).status).toBe(200)
    expect((await instance.admin.call('DELETE', '/small-apps/short')).status).toBe(404)
    await instance.anApp({ id: 'short', domains: { sales: 'n\n1\n' } })
    expect((await fan.call('POST', '/short/data', { body: { domain: 'sales', pipeline: [] } })).status).toBe(404)
  })
})

it('reserves the first segment of every route of the instance', async () => {
  const { body } = await instance.nobody.call('GET', '/openapi.json')
  const segments = Object.keys(body.paths).map((path) => path.split('/')[1] ?? '')
  const instanceSegments = segments
    .filter((name) => name !== '' && !name.includes('{'))
    .map((name) => name.replace(/\..*$/, ''))
  expect(instanceSegments).toContain('users')
  expect(instanceSegments.filter((name) => !isReserved(name))).toEqual([])
})
