import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anInstance } from '../builders/instance.ts'
import { aShop, ask, expectRefused, type Shop, salesOf } from './shop.ts'

let now = Date.now()
let shop: Shop
beforeAll(async () => {
  shop = await aShop({}, { now: () => now })
})
afterAll(() => shop.close())

const all = { domain: 'sales', pipeline: [] }
const password = 'Not-a-Default-2026'
const tokenOf = async (username: string, { nobody } = shop.instance): Promise<string> =>
  (await nobody.call('POST', '/login', { body: { username, password } })).body.token
const withToken = (token: string, headers: Record<string, string> = {}) =>
  ask(shop.instance.nobody, all, { authorization: `Bearer ${token}`, ...headers })
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('sessions, in place of embed tokens', () => {
  it('superset#24745: a caller who fails never becomes another one', async () => {
    const [bad, good] = ['not-a-token', await tokenOf('boss')]
    const cookie = { cookie: `laputa_session=${good}`, 'x-laputa-request': '1' }
    expectRefused(await withToken(bad, cookie), 401)
    expectRefused(await ask(shop.instance.nobody, all, { ...cookie, authorization: 'Digest x' }), 401)
    expectRefused(
      await ask(shop.instance.nobody, all, {
        authorization: '',
        cookie: `laputa_session=${bad}`,
        'x-laputa-request': '1',
      }),
      401,
    )
    expect((await ask(shop.instance.nobody, all, cookie)).body.data).toHaveLength(4)
  })

  it('superset#24745 (a changed token stands in): nobody signs their own', async () => {
    const token = await tokenOf('french')
    const [head = '', body = '', signature = ''] = token.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const boss = part({ ...claims, sub: 'boss' })
    const none = part({ alg: 'none', typ: 'JWT' })
    const signed = (key: string) =>
      `${head}.${boss}.${createHmac('sha256', key).update(`${head}.${boss}`).digest('base64url')}`
    for (const forged of [
      `${head}.${boss}.${signature}`,
      `${none}.${boss}.`,
      `${none}.${body}.`,
      `${head}.${body}.`,
      signed(''),
      signed('secret'),
      `${part({ alg: 'RS256', typ: 'JWT' })}.${boss}.${signature}`,
      `${part({ alg: 'HS256', typ: 'JWT', kid: '../../dev/null' })}.${boss}.${signature}`,
    ]) {
      expectRefused(await withToken(forged), 401)
    }
    expect((await withToken(token)).status).toBe(200)
  })

  it('superset#24745 (a removed user stands in for a revoked token): neither the session nor the cache outlives its user', async () => {
    const gone = await shop.instance.aUser({
      username: 'gone',
      privileges: { shop: ['view'] },
      attributes: { countries: ['FR'] },
    })
    const token = await tokenOf('gone')
    expect(await salesOf(gone)).toHaveLength(2)
    const { status } = await shop.admin.call('DELETE', '/users/gone')
    expect(status).toBe(200)
    expectRefused(await ask(gone, all), 401)
    await shop.instance.aUser({ username: 'gone', privileges: { shop: ['view'] }, attributes: { countries: ['IT'] } })
    expectRefused(await withToken(token), 401)
    expect(await salesOf(shop.french)).toHaveLength(2)
  })

  it('superset#24745: what an administrator takes away is gone at the next request', async () => {
    const user = await shop.instance.aUser({
      username: 'mover',
      privileges: { shop: ['view'] },
      attributes: { countries: ['FR'] },
    })
    expect(await salesOf(user)).toHaveLength(2)
    const change = (body: object) => shop.admin.call('PATCH', '/users/mover', { body })
    expect((await change({ attributes: { countries: ['IT'] } })).status).toBe(200)
    expect(await salesOf(user)).toMatchObject([{ country: 'IT' }])
    expect((await change({ attributes: {} })).status).toBe(200)
    expect(await salesOf(user)).toEqual([])
    expect((await change({ privileges: {} })).status).toBe(200)
    expectRefused(await ask(user, all), 404)
  })

  it('CVE-2024-54151 (directus; requests stand in for websockets): nobody has no rights that a message or a header could give', async () => {
    const { nobody } = shop.instance
    const tries: Record<string, string>[] = [
      {},
      { upgrade: 'websocket', connection: 'Upgrade' },
      { authorization: 'Bearer public' },
      { authorization: 'Bearer null' },
    ]
    for (const headers of tries) {
      expectRefused(await ask(nobody, all, headers), 401)
      expectRefused(await ask(nobody, { ...all, user: 'boss', admin: true }, headers), 401)
    }
    expectRefused(await ask(shop.french, { ...all, accountability: { admin: true } }), 400)
    expectRefused(await ask(shop.french, { ...all, principal: { groups: ['bosses'] } }), 400)
    expect(await salesOf(shop.french)).toHaveLength(2)
  })

  it('cube PR#11522 (a token of another instance): it is worth nothing here', async () => {
    const other = await anInstance()
    await other.aUser({ username: 'boss', groups: ['bosses'] })
    expectRefused(await withToken(await tokenOf('boss', other)), 401)
    await other.close()
    expect((await withToken(await tokenOf('boss'))).body.data).toHaveLength(4)
  })
  it('superset#24745 (a token of a session stands in): an expired one gives no rows, and above all not every row', async () => {
    const token = await tokenOf('french')
    expect((await withToken(token)).body.data).toHaveLength(2)
    now += 13 * 3_600_000
    expectRefused(await withToken(token), 401)
    expectRefused(await withToken(token, { cookie: `laputa_session=${token}`, 'x-laputa-request': '1' }), 401)
    expect((await withToken(await tokenOf('french'))).body.data).toHaveLength(2)
  })
})
