import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'

let instance: Instance
let builder: Caller
const secret = 'MARKER-Hunter-22'

beforeAll(async () => {
  instance = await anInstance({ LAPUTA_AUTH__THROTTLE__ATTEMPTS: '100' })
  await instance.anApp({ id: 'shop', domains: { sales: 'country,n\nFR,1\n' } })
  builder = await instance.aUser({ username: 'builder', privileges: { shop: ['contribute'] } })
})
afterAll(() => instance.close())

interface Entry {
  readonly seq: number
  readonly at: string
  readonly by: string | null
  readonly action: string
  readonly target: string | null
  readonly app: string | null
  readonly details: Record<string, unknown>
  readonly request_id: string | null
  readonly address: string | null
}
const entries = async (query = ''): Promise<Entry[]> => (await instance.admin.call('GET', `/audit${query}`)).body
/** What an action adds to the log, the oldest first. */
async function adds(action: () => Promise<Answer>): Promise<{ answer: Answer; added: Entry[] }> {
  const before = (await entries('?limit=1'))[0]?.seq ?? 0
  const answer = await action()
  const added = (await entries('?limit=1000')).filter(({ seq }) => seq > before).reverse()
  return { answer, added }
}

const eq = { column: 'country', operator: 'eq', value: secret }
const rule = [{ scope: 'USER_GROUP', group: 'eu', effect: 'CUSTOM', condition: eq }]
const postgres = { host: 'db.example.com', user: 'u', password: secret }
let connection = ''

describe('the log has', () => {
  type Expected = Partial<Record<keyof Entry, unknown>>
  it.each<[string, Parameters<Caller['call']>, Expected]>([
    ['a new group', ['POST', '/groups', { body: { name: 'eu' } }], { action: 'group.create', target: 'eu' }],
    [
      'a new user',
      [
        'POST',
        '/users',
        {
          body: {
            username: 'ann',
            password: secret,
            privileges: { shop: ['view'] },
            groups: ['eu'],
            attributes: { token: secret },
          },
        },
      ],
      {
        action: 'user.create',
        target: 'ann',
        details: { password: 'set', attributes: ['token'], privileges: { shop: ['view'] }, groups: ['eu'] },
      },
    ],
    [
      'a changed user',
      ['PATCH', '/users/ann', { body: { roles: ['USER'], password: `${secret}-2` } }],
      { action: 'user.change', target: 'ann', details: { roles: ['USER'], password: 'set' } },
    ],
    ['a removed user', ['DELETE', '/users/ann'], { action: 'user.remove', target: 'ann', details: {} }],
    ['a removed group', ['DELETE', '/groups/eu'], { action: 'group.remove', target: 'eu' }],
    [
      'a new app',
      ['POST', '/small-apps', { body: { id: 'lab', name: 'Lab' } }],
      { action: 'app.create', target: 'lab', app: 'lab', details: { name: 'Lab' } },
    ],
    ['a removed app', ['DELETE', '/small-apps/lab'], { action: 'app.remove', target: 'lab', app: 'lab' }],
    [
      'new permissions',
      ['PUT', '/shop/permissions/sales', { body: rule }],
      {
        action: 'permissions.replace',
        target: 'sales',
        app: 'shop',
        details: {
          records: [{ scope: 'USER_GROUP', group: 'eu', effect: 'CUSTOM' }],
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    ],
    [
      'removed permissions',
      ['DELETE', '/shop/permissions/sales'],
      { action: 'permissions.remove', target: 'sales', app: 'shop' },
    ],
    [
      'a publication',
      ['POST', '/shop/data/release', { body: { parts: ['data'] } }],
      {
        action: 'release.publish',
        app: 'shop',
        details: { parts: ['data'], domains: null, operation: expect.any(String) },
      },
    ],
    [
      'a new connection',
      ['POST', '/shop/connections', { body: { name: 'pg', type: 'postgres', config: postgres } }],
      {
        action: 'connection.create',
        target: 'pg',
        app: 'shop',
        details: { name: 'pg', type: 'postgres', config: ['host', 'password', 'user'] },
      },
    ],
  ])('%s', async (_, [method, url, options], expected) => {
    const headers = { 'x-request-id': 'request-0001', prefer: 'wait=30' }
    const { answer, added } = await adds(() => instance.admin.call(method, url, { ...options, headers }))
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    if (expected.action === 'connection.create') connection = answer.body.id
    expect(added).toHaveLength(1)
    expect(added[0]).toMatchObject({
      by: 'root',
      app: null,
      request_id: 'request-0001',
      address: '127.0.0.1',
      ...expected,
    })
    if (expected.details) expect(added[0]?.details).toEqual(expected.details)
    expect(added[0]?.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('a changed and a removed connection', async () => {
    const at = `/shop/connections/${connection}`
    const change = await adds(() => builder.call('PATCH', at, { body: { name: 'pg2', config: { password: secret } } }))
    expect(change.added).toMatchObject([
      {
        by: 'builder',
        action: 'connection.change',
        target: connection,
        details: { name: 'pg2', config: ['password'] },
      },
    ])
    const removal = await adds(() => builder.call('DELETE', at))
    expect(removal.added).toMatchObject([{ action: 'connection.remove', target: connection, app: 'shop' }])
  })

  it('what failed, with what it failed as', async () => {
    const twice = { username: 'builder', password: secret }
    const { added } = await adds(() => instance.admin.call('POST', '/users', { body: twice }))
    expect(added).toMatchObject([
      { action: 'user.create', target: 'builder' },
      { action: 'user.create', target: 'builder', details: { failed: 'conflict' } },
    ])
  })

  it('nothing of what was not even tried', async () => {
    const nothing = [
      () => instance.admin.call('POST', '/users', { body: { username: '' } }),
      () => builder.call('POST', '/users', { body: { username: 'x' } }),
      () => builder.call('PUT', '/shop/permissions/sales', { body: [{ scope: 'X' }] }),
      () => instance.nobody.call('POST', '/groups', { body: { name: 'x' } }),
      () => instance.admin.call('GET', '/users'),
      () => builder.call('POST', '/shop/data', { body: { domain: 'sales', pipeline: [] } }),
    ]
    for (const call of nothing) expect((await adds(call)).added).toEqual([])
  })

  it('sign-ins and sign-outs, good and failed', async () => {
    await instance.admin.call('POST', '/users', { body: { username: 'Zoe', password: secret } })
    const signIn = (username: string, password: string) =>
      instance.nobody.call('POST', '/login', { body: { username, password } })
    const good = await adds(() => signIn('zoe', secret))
    expect(good.added).toMatchObject([{ action: 'session.start', by: 'Zoe', target: 'Zoe', address: '127.0.0.1' }])
    const headers = { authorization: `Bearer ${good.answer.body.token}` }
    const out = await adds(() => instance.nobody.call('POST', '/logout', { headers }))
    expect(out.added).toMatchObject([{ action: 'session.end', by: 'Zoe', target: 'Zoe' }])
    const bad = await adds(() => signIn('zoe', 'wrong'))
    expect(bad.answer.status).toBe(401)
    expect(bad.added).toMatchObject([{ action: 'session.refused', by: null, target: 'zoe', address: '127.0.0.1' }])
    // A password in the wrong field.
    const unknown = await adds(() => signIn(secret, 'x'))
    expect(unknown.added).toMatchObject([{ action: 'session.refused', by: null, target: null }])
    const basic = (pair: string) => {
      const authorization = `Basic ${Buffer.from(pair).toString('base64')}`
      return adds(() => instance.nobody.call('GET', '/me', { headers: { authorization } }))
    }
    expect((await basic('zoe:wrong')).added).toMatchObject([{ action: 'session.refused', target: 'zoe' }])
    expect((await basic(`${secret}:x`)).added).toMatchObject([{ action: 'session.refused', target: null }])
    expect((await basic(`zoe:${secret}`)).added).toEqual([])
  })

  it('no secret, and no value of a rule', async () => {
    expect(JSON.stringify(await entries('?limit=1000'))).not.toContain('MARKER')
  })
})

describe('GET /audit', () => {
  it('is for administrators', async () => {
    expect((await instance.nobody.call('GET', '/audit')).status).toBe(401)
    expect((await builder.call('GET', '/audit')).status).toBe(403)
    expect((await instance.admin.call('POST', '/audit', { body: {} })).status).toBe(405)
    expect((await instance.admin.call('DELETE', '/audit')).status).toBe(405)
  })

  it('filters', async () => {
    const all = await entries('?limit=1000')
    const byBuilder = await entries('?by=builder&action=connection.change')
    expect(byBuilder).toEqual(all.filter(({ by, action }) => by === 'builder' && action === 'connection.change'))
    expect(byBuilder).toHaveLength(1)
    const ofShop = await entries('?app=shop&limit=1000')
    expect(ofShop).toEqual(all.filter(({ app }) => app === 'shop'))
    const [middle] = all.slice(Math.floor(all.length / 2))
    const at = middle?.at ?? ''
    expect(await entries(`?from=${at}&limit=1000`)).toEqual(all.filter((entry) => entry.at >= at))
    expect(await entries(`?to=${at}&limit=1000`)).toEqual(all.filter((entry) => entry.at < at))
    const elsewhere = new Date(Date.parse(at) + 7_200_000).toISOString().replace('Z', '%2B02:00')
    expect(await entries(`?from=${elsewhere}&limit=1000`)).toEqual(all.filter((entry) => entry.at >= at))
    expect(await entries('?by=nobody')).toEqual([])
  })

  it('gives pages, the newest first, whose links keep the filters', async () => {
    const all = await entries('?by=root&limit=1000')
    const pages: Entry[] = []
    for (let url: string | undefined = '/audit?by=root&limit=4'; url; ) {
      const { body, headers } = await instance.admin.call('GET', url)
      pages.push(...body)
      url = /<([^>]+)>; rel="next"/.exec(String(headers.link ?? ''))?.[1]
    }
    expect(pages).toEqual(all)
    expect(all.map(({ seq }) => seq)).toEqual([...all.map(({ seq }) => seq)].sort((a, b) => b - a))
  })

  it.each(['limit=0', 'limit=1001', 'after=x', 'after=-1', 'from=yesterday', 'to=2026', 'who=x', 'by='])(
    'refuses ?%s',
    async (query) => {
      expect((await instance.admin.call('GET', `/audit?${query}`)).body).toMatchObject({
        status: 400,
        errors: [{ path: `?${query.split('=')[0]}` }],
      })
    },
  )
})
