import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anAdmin, aSession, aUser, goodPassword } from '../../../test/builders/auth.ts'
import { aServer, call, type TestServer } from '../../../test/builders/server.ts'

let app: TestServer
let admin: string
let root: string
let viewer: string
beforeAll(async () => {
  app = await aServer()
  admin = (await anAdmin(app, { username: 'admin' })).token
  root = (await aSession(app, { username: 'root', roles: ['SUPER_ADMIN'] })).token
  viewer = (await aSession(app, { username: 'viewer' })).token
  for (const name of ['Paris', 'Lyon']) await call(app, 'POST /groups', { token: admin, body: { name } })
})
afterAll(() => app.close())

const create = (body: unknown, token = admin) => call(app, 'POST /users', { token, body })
const read = (username: string) => call(app, `GET /users/${encodeURIComponent(username)}`, { token: admin })
const patch = (username: string, body: unknown, { token = admin, headers = {} } = {}) =>
  call(app, `PATCH /users/${encodeURIComponent(username)}`, { token, body, headers })
const remove = (username: string, { token = admin, headers = {} } = {}) =>
  call(app, `DELETE /users/${encodeURIComponent(username)}`, { token, headers })

describe('who may', () => {
  it.each(['GET /users', 'POST /users', 'GET /users/viewer', 'PATCH /users/viewer', 'DELETE /users/viewer'] as const)(
    '%s: administrators only',
    async (line) => {
      const body = line.startsWith('P') ? { disabled: false } : undefined
      expect((await call(app, line, { body })).body).toMatchObject({ status: 401, code: 'unauthenticated' })
      expect((await call(app, line, { body, token: viewer })).body).toMatchObject({ status: 403, code: 'forbidden' })
    },
  )

  it('only a SUPER_ADMIN makes, changes or removes one', async () => {
    const target = await aUser(app, { roles: ['SUPER_ADMIN'] })
    const answers = [
      await create({ username: 'boss', roles: ['SUPER_ADMIN'] }),
      await patch('viewer', { roles: ['USER', 'SUPER_ADMIN'] }),
      await patch(target.username, { groups: [] }),
      await patch(target.username, { password: 'Stolen-Account-1' }),
      await remove(target.username),
    ]
    for (const { body } of answers)
      expect(body).toMatchObject({ status: 403, code: 'forbidden', detail: expect.stringContaining('SUPER_ADMIN') })
    expect((await patch(target.username, { roles: ['USER'] }, { token: root })).status).toBe(200)
    expect((await create({ username: 'boss', roles: ['SUPER_ADMIN'] }, root)).status).toBe(201)
    expect((await remove('boss', { token: root })).status).toBe(200)
  })

  it('nobody removes, disables, expires or demotes the account they are signed in with', async () => {
    const answers = [
      await remove('ADMIN'),
      await patch('Admin', { disabled: true }),
      await patch('admin', { expirationDate: '2030-01-01T00:00:00Z' }),
      await patch('admin', { roles: ['USER'] }),
      await patch('root', { roles: ['ADMIN'] }, { token: root }),
    ]
    for (const { body } of answers) expect(body).toMatchObject({ status: 403, code: 'forbidden' })
    expect((await patch('admin', { attributes: { tea: 'green' } })).status).toBe(200)
  })
})

describe('POST /users', () => {
  it('makes a user who can sign in, and shows no secret', async () => {
    const body = {
      username: '  Grace Hopper ',
      password: 'Nano-Second-1906',
      roles: ['USER'],
      privileges: { demo: ['view'], 'other-app': ['contribute', 'validate'] },
      groups: ['Paris'],
      attributes: { airline: 'LA', list: [1, 'b', null], deep: { er: true } },
      expirationDate: '2030-01-01T02:00:00+02:00',
    }
    const answer = await create(body)
    expect(answer.status).toBe(201)
    expect(answer.headers.location).toBe('/users/Grace%20Hopper')
    expect(answer.headers.etag).toBe('"1-0"')
    expect(answer.body).toEqual({
      username: 'Grace Hopper',
      roles: ['USER'],
      privileges: body.privileges,
      groups: ['Paris'],
      attributes: body.attributes,
      disabled: false,
      expirationDate: '2030-01-01T00:00:00.000Z',
      has_password: true,
      created_at: new Date(app.clock.now()).toISOString(),
      created_by: 'admin',
      logins: [],
      last_login: null,
    })
    expect(answer.text).not.toMatch(/argon|epoch|Nano/)
    const login = await call(app, 'POST /login', { body: { username: 'grace hopper', password: body.password } })
    expect(login.status).toBe(200)
    expect((await read('GRACE HOPPER')).body).toMatchObject({ logins: [{ date: { $date: app.clock.now() } }] })
  })

  it('needs no more than a name, and gives no right by itself', async () => {
    const { body } = await create({ username: 'bare' })
    expect(body).toMatchObject({
      roles: ['USER'],
      privileges: {},
      groups: [],
      attributes: {},
      has_password: false,
      expirationDate: null,
    })
  })

  it('refuses a name that exists in another spelling', async () => {
    await create({ username: 'Straße' })
    for (const username of ['STRAßE', 'straße', 'ｓｔｒａße']) {
      expect((await create({ username })).body).toMatchObject({ status: 409, code: 'conflict' })
    }
  })

  it.each([
    [{}, ['/username']],
    [{ username: '' }, ['/username']],
    [{ username: '   ' }, ['/username']],
    [{ username: 'a'.repeat(255) }, ['/username']],
    [{ username: 'a\u0000b' }, ['/username']],
    [{ username: 'a\nb' }, ['/username']],
    [{ username: 'a\u200bb' }, ['/username']],
    [{ username: 'a\u202eb' }, ['/username']],
    [{ username: '\ud800' }, ['/username']],
    [{ username: '\ufdfa'.repeat(254) }, ['/username']],
    [{ username: 'u', roles: [] }, ['/roles']],
    [{ username: 'u', roles: ['ROOT'] }, ['/roles/0']],
    [{ username: 'u', roles: ['USER', 'USER'] }, ['/roles']],
    [{ username: 'u', privileges: { demo: ['own'] } }, ['/privileges/demo/0']],
    [{ username: 'u', privileges: { 'A/b': ['view'] } }, ['/privileges/A~1b']],
    [{ username: 'u', privileges: ['view'] }, ['/privileges']],
    [{ username: 'u', groups: ['Pariss', 'Lyon', 'paris'] }, ['/groups/0', '/groups/2']],
    [{ username: 'u', attributes: { big: 'x'.repeat(70_000) } }, ['/attributes']],
    [{ username: 'u', attributes: [] }, ['/attributes']],
    [{ username: 'u', expirationDate: 'tomorrow' }, ['/expirationDate']],
    [{ username: 'u', expirationDate: '2026-02-30T00:00:00Z' }, ['/expirationDate']],
    [{ username: 'u', admin: true, passwordHash: 'x' }, ['/admin', '/passwordHash']],
    [{ username: 'u', password: 'short' }, ['/password']],
  ])('refuses %j', async (body, paths) => {
    const answer = await create(body)
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
    expect(answer.body.errors.map((item: { path: string }) => item.path)).toEqual(paths)
  })

  it('offers the names of groups that come close', async () => {
    const { body } = await create({ username: 'u', groups: ['Pariss'] })
    expect(body.errors).toEqual([{ path: '/groups/0', message: 'There is no group "Pariss".', nearest: ['Paris'] }])
  })

  it.each([
    ['short-1', 'user', /at least 9/],
    ['password123', 'user', /first that an attacker tries/],
    ['PassWord123', 'user', /first that an attacker tries/],
    ['aaaaaaaaaaaa', 'user', /first that an attacker tries/],
    ['my-USER-Name-is-it', 'user-name', /does not contain the username/],
    ['12345678é', 'user', undefined],
  ])('judges the password %s', async (password, username, message) => {
    const { body } = await create({ username: `${username}`, password })
    if (message) expect(body.errors[0]).toEqual({ path: '/password', message: expect.stringMatching(message) })
    else expect(body.has_password).toBe(true)
    await app.users.remove(null, username).catch(() => {})
  })

  it.each([
    ['long enough but plain', /mixes three/],
    ['Sh0rt-one', /at least 12/],
  ])('asks more of the password of an administrator: %s', async (password, message) => {
    const { status, body } = await create({ username: 'second-admin', password, roles: ['ADMIN'] })
    expect(status).toBe(400)
    expect(body.errors[0].message).toMatch(message)
  })

  it('keys that poison objects do nothing', async () => {
    const poisoned = [
      '{"username":"p","__proto__":{"roles":["SUPER_ADMIN"]}}',
      '{"username":"p","constructor":{"prototype":{"x":1}}}',
    ]
    poisoned.push(
      '{"username":"p","attributes":{"__proto__":{"admin":true}}}',
      '{"username":"p","privileges":{"__proto__":["view"]}}',
    )
    for (const text of poisoned) {
      const answer = await call(app, 'POST /users', { token: admin, text })
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
    }
    expect(({} as Record<string, unknown>).roles).toBeUndefined()
    expect((await read('p')).status).toBe(404)
  })

  it('takes an attribute of any name that is harmless', async () => {
    const attributes = { constructor: 'Boeing', toString: 'x', hasOwnProperty: 1, ключ: [true] }
    const text = JSON.stringify({ username: 'odd-attributes', attributes })
    const { body } = await call(app, 'POST /users', { token: admin, text })
    expect(Object.entries(body.attributes)).toEqual(Object.entries(attributes))
  })
})

describe('GET /users', () => {
  it('lists all, or pages that the Link header chains', async () => {
    const all = await call(app, 'GET /users', { token: admin })
    const names: string[] = all.body.map((user: { username: string }) => user.username)
    expect(names).toEqual(expect.arrayContaining(['admin', 'root', 'viewer']))
    expect(all.headers.link).toBeUndefined()
    const paged: string[] = []
    for (let url: string | undefined = '/users?limit=3'; url !== undefined; ) {
      const page = await call(app, `GET ${url as '/'}`, { token: admin })
      expect(page.body.length).toBeLessThanOrEqual(3)
      paged.push(...page.body.map((user: { username: string }) => user.username))
      url = /^<([^>]+)>; rel="next"$/.exec(String(page.headers.link ?? ''))?.[1]
    }
    expect(paged).toEqual(names)
    expect(all.text).not.toMatch(/argon|epoch/i)
  })

  it.each(['limit=0', 'limit=-1', 'limit=1001', 'limit=x', 'limit=1.5', 'page=2', 'limit=1&limit=2'])(
    'refuses ?%s',
    async (query) => {
      const answer = await call(app, `GET /users?${query}`, { token: admin })
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
      expect(answer.body.errors[0].path).toMatch(/^\?/)
    },
  )
})

describe('GET, PATCH and DELETE /users/:username', () => {
  it('answers 304 while nothing changed, sign-ins included', async () => {
    const { username, password } = await aUser(app)
    const first = await read(username)
    const again = () =>
      call(app, `GET /users/${username}`, { token: admin, headers: { 'if-none-match': String(first.headers.etag) } })
    expect([(await again()).status, (await again()).text]).toEqual([304, ''])
    await call(app, 'POST /login', { body: { username, password } })
    expect((await again()).status).toBe(200)
    const edit = await patch(username, { groups: ['Lyon'] }, { headers: { 'if-match': String(first.headers.etag) } })
    expect([edit.status, edit.body.groups]).toEqual([200, ['Lyon']])
  })

  it('writes only what was read', async () => {
    const { username } = await aUser(app)
    const { etag } = (await read(username)).headers
    const headers = { 'if-match': String(etag) }
    expect((await patch(username, { disabled: true }, { headers })).status).toBe(200)
    expect((await patch(username, { disabled: false }, { headers })).body).toMatchObject({
      status: 412,
      code: 'precondition_failed',
    })
    expect((await remove(username, { headers })).status).toBe(412)
    expect((await remove(username, { headers: { 'if-match': 'W/"2-0"' } })).status).toBe(412)
    expect((await read(username)).body.disabled).toBe(true)
    expect((await remove(username, { headers: { 'if-match': '*' } })).status).toBe(200)
  })

  it('keeps what a change does not name', async () => {
    const { username } = await aUser(app, { attributes: { a: 1 }, groups: ['Paris'] })
    await patch(username, { privileges: { demo: ['validate'] } })
    expect((await read(username)).body).toMatchObject({
      attributes: { a: 1 },
      groups: ['Paris'],
      privileges: { demo: ['validate'] },
    })
    expect((await patch(username, { expirationDate: null })).status).toBe(200)
    expect((await patch(username, {})).status).toBe(200)
    expect((await patch(username, { username: 'new-name' })).body.errors[0].path).toBe('/username')
  })

  it('promotes only who has a password that an administrator may have', async () => {
    const weak = await aUser(app, { password: 'simple phrase' })
    const refused = await patch(weak.username, { roles: ['ADMIN'] })
    expect(refused.body).toMatchObject({ status: 400, errors: [{ path: '/roles' }] })
    expect((await patch(weak.username, { roles: ['ADMIN'], password: goodPassword })).status).toBe(200)
    expect((await patch((await aUser(app)).username, { roles: ['ADMIN'] })).status).toBe(200)
  })

  it('answers 404 for nobody', async () => {
    for (const username of ['nobody', '../x', 'a/b', "' or 1=1 --", '%']) {
      for (const answer of [await read(username), await patch(username, { disabled: true }), await remove(username)]) {
        expect(answer.body).toMatchObject({ status: 404, code: 'not_found' })
      }
    }
    expect((await call(app, 'GET /users/%00', { token: admin })).status).toBe(400)
    expect((await call(app, 'GET /users/%E0%A4%A', { token: admin })).status).toBe(400)
  })

  it('reaches every name that can be made', async () => {
    const names = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((name) => /^[^\p{C}\p{Zl}\p{Zp}]+$/u.test(name) && name.trim() !== '')
    await fc.assert(
      fc.asyncProperty(names, async (username) => {
        const made = await create({ username })
        expect(made.status).toBe(201)
        const found = await call(app, `GET ${String(made.headers.location) as '/'}`, { token: admin })
        expect(found.body.username).toBe(username.trim())
        expect((await remove(username.toLowerCase())).status).toBe(200)
      }),
      { numRuns: 40 },
    )
  })
})

describe('the last administrator', () => {
  it('stays, whoever asks, also when two remove each other', async () => {
    const small = await aServer()
    try {
      await aUser(small, { username: 'one', roles: ['ADMIN'] })
      for (const change of [
        { disabled: true },
        { roles: ['USER' as const] },
        { expirationDate: '2026-01-01T00:00:00Z' },
      ]) {
        await expect(small.users.change(null, 'one', { change })).rejects.toMatchObject({ code: 'forbidden' })
      }
      await expect(small.users.remove(null, 'one')).rejects.toMatchObject({ code: 'forbidden' })
      const two = await anAdmin(small, { username: 'two' })
      const one = await call(small, 'POST /login', { body: { username: 'one', password: goodPassword } })
      const answers = await Promise.all([
        call(small, 'DELETE /users/two', { token: one.body.token }),
        call(small, 'DELETE /users/one', { token: two.token }),
      ])
      expect(answers.map(({ status }) => status).sort()).not.toEqual([200, 200])
      expect((await small.userStore.administrators()).length).toBe(1)
    } finally {
      await small.close()
    }
  })

  it('does not count who cannot sign in', async () => {
    const small = await aServer()
    try {
      await aUser(small, { username: 'one', roles: ['ADMIN'] })
      await aUser(small, { username: 'gone', roles: ['ADMIN'], disabled: true })
      await aUser(small, { username: 'over', roles: ['ADMIN'], expirationDate: '2026-01-01T00:00:00Z' })
      await expect(small.users.remove(null, 'one')).rejects.toMatchObject({ code: 'forbidden' })
      await small.users.remove(null, 'gone')
      await small.users.change(null, 'over', { change: { expirationDate: null } })
      await small.users.remove(null, 'one')
    } finally {
      await small.close()
    }
  })
})

it('revoking an app leaves nobody with a privilege on it', async () => {
  const both = await aUser(app, { privileges: { 'to-go': ['contribute'], stays: ['view'] } })
  const none = await aUser(app, { privileges: { stays: ['view'] } })
  await app.userStore.revokeApp('to-go')
  expect((await read(both.username)).body.privileges).toEqual({ stays: ['view'] })
  expect((await read(none.username)).headers.etag).toBe('"1-0"')
})
