import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aSession, aUser } from '../../../test/builders/auth.ts'
import { type Answer, aServer, call, type TestServer } from '../../../test/builders/server.ts'

let app: TestServer
beforeAll(async () => {
  app = await aServer()
})
afterAll(() => app.close())

describe('POST /login', () => {
  it('gives a token that opens the door, and says until when', async () => {
    const user = await aUser(app, { username: 'Ada', attributes: { airline: 'Laputa Air' } })
    const answer = await call(app, 'POST /login', { body: user })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      token: expect.any(String),
      expires_at: new Date(app.clock.now() + app.config.auth.token_lifetime).toISOString(),
      user: { username: 'Ada', roles: ['USER'], privileges: {}, groups: [], attributes: { airline: 'Laputa Air' } },
    })
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(answer.headers['cache-control']).toBe('no-store')
    const me = await call(app, 'GET /me', { token: answer.body.token })
    expect([me.status, me.body.username]).toEqual([200, 'Ada'])
  })

  it('knows a user in any spelling', async () => {
    const { password } = await aUser(app, { username: 'Émile@Example.org' })
    const answer = await call(app, 'POST /login', { body: { username: ' ÉMILE@example.ORG', password } })
    expect(answer.body.user.username).toBe('Émile@Example.org')
  })

  it('answers the same for a wrong password, an unknown user, one without a password, a disabled and an expired one', async () => {
    const { username, password } = await aUser(app)
    const disabled = await aUser(app, { disabled: true })
    const expired = await aUser(app, { expirationDate: '2026-02-28T00:00:00Z' })
    await app.users.create(null, { username: 'only-sso' })
    const bodies = [
      { username, password: `${password}x` },
      { username: 'nobody-at-all', password },
      { username: 'only-sso', password },
      disabled,
      expired,
    ]
    const answers = await Promise.all(bodies.map((body) => call(app, 'POST /login', { body })))
    for (const { status, headers, body } of answers) {
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toBe('Bearer realm="laputa"')
      expect({ ...body, requestId: '' }).toEqual({ ...answers[0]?.body, requestId: '' })
    }
    expect(answers[0]?.body).toMatchObject({
      code: 'login_failed',
      status: 401,
      detail: 'The username or the password is wrong.',
    })
  })

  it.each([
    [{ username: 'a' }, '/password'],
    [{ username: 'a', password: '' }, '/password'],
    [{ username: 7, password: 'x' }, '/username'],
    [{ username: 'a', password: 'x', admin: true }, '/admin'],
    [{ username: 'a', password: 'x'.repeat(1025) }, '/password'],
    [[], ''],
  ])('refuses the body %j at %s', async (body, path) => {
    const answer = await call(app, 'POST /login', { body })
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request'])
    expect(answer.body.errors.map((item: { path: string }) => item.path)).toContain(path)
  })

  it('remembers when somebody signed in', async () => {
    const { username } = await aSession(app)
    const { user } = await app.users.get(username)
    expect(user.logins).toEqual([{ date: { $date: app.clock.now() } }])
    expect(user.last_login).toBe(new Date(app.clock.now()).toISOString())
  })
})

describe('the throttle', () => {
  const attempts = 5
  const failTimes = async (times: number, login: { username: string; address: string }) => {
    const answers: Answer[] = []
    for (let i = 0; i < times; i++)
      answers.push(await logIn(login.username, { password: 'wrong-password', address: login.address }))
    return answers.map(({ status }) => status)
  }
  const logIn = (username: string, { password, address }: { password: string; address: string }) =>
    call(app, 'POST /login', { body: { username, password }, address })

  it.each(['known', 'unknown'])(
    'makes a user wait after five failures, even with the right password: %s',
    async (kind) => {
      const { username, password } =
        kind === 'known' ? await aUser(app) : { username: 'phantom', password: 'whatever-it-is' }
      const address = kind === 'known' ? '192.0.2.1' : '192.0.2.2'
      expect(await failTimes(attempts, { username, address })).toEqual(Array(attempts).fill(401))
      const refused = await logIn(username.toUpperCase(), { password, address: '192.0.2.3' })
      expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([429, 'throttled', '60'])
      app.clock.advance(59_000)
      expect((await logIn(username, { password, address })).headers['retry-after']).toBe('1')
      app.clock.advance(1001)
      expect((await logIn(username, { password, address })).status).toBe(kind === 'known' ? 200 : 401)
    },
  )

  it('forgets failures after the window, and after a success', async () => {
    const { username, password } = await aUser(app)
    const address = '192.0.2.4'
    await failTimes(attempts - 1, { username, address })
    app.clock.advance(60_001)
    await failTimes(attempts - 1, { username, address })
    expect((await logIn(username, { password, address })).status).toBe(200)
    await failTimes(attempts - 1, { username, address })
    expect((await logIn(username, { password, address })).status).toBe(200)
  })

  it('makes an address wait that fails with many names, a network of IPv6 as one; a success there does not help', async () => {
    const { username, password } = await aUser(app)
    const from = (host: number) => `2001:db8:1:2::${host.toString(16)}`
    for (let i = 0; i < attempts * 10; i++) {
      if (i === 20) expect((await logIn(username, { password, address: from(1) })).status).toBe(200)
      expect((await logIn(`spray-${i}`, { password: 'wrong-password', address: from(i) })).status).toBe(401)
    }
    expect((await logIn(username, { password, address: from(0xffff) })).status).toBe(429)
    expect((await logIn(username, { password, address: '2001:db8:1:3::1' })).status).toBe(200)
  })

  it('lets few guesses through when many come at once', async () => {
    const { username, password } = await aUser(app)
    const guess = (i: number) => logIn(username, { password: `wrong-${i}`, address: '192.0.2.9' })
    const statuses = (await Promise.all(Array.from({ length: 30 }, (_, i) => guess(i)))).map(({ status }) => status)
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(attempts + 1)
    expect((await logIn(username, { password, address: '192.0.2.10' })).status).toBe(429)
  })
})

describe('a session', () => {
  it('ends with POST /logout', async () => {
    const { token } = await aSession(app)
    const answer = await call(app, 'POST /logout', { token })
    expect([answer.status, answer.body]).toEqual([200, { message: 'You are signed out.' }])
    expect((await call(app, 'GET /me', { token })).status).toBe(401)
    expect((await call(app, 'POST /logout', { token })).status).toBe(401)
  })

  it('leaves the other sessions of the user alone when it ends', async () => {
    const user = await aSession(app)
    const other = await call(app, 'POST /login', { body: { username: user.username, password: user.password } })
    await call(app, 'POST /logout', { token: user.token })
    expect((await call(app, 'GET /me', { token: other.body.token })).status).toBe(200)
  })

  it('ends when its time is over', async () => {
    const { token } = await aSession(app)
    app.clock.advance(app.config.auth.token_lifetime - 1000)
    expect((await call(app, 'GET /me', { token })).status).toBe(200)
    app.clock.advance(1000)
    expect((await call(app, 'GET /me', { token })).body.code).toBe('unauthenticated')
  })

  it('ends when the user is disabled, expires, is removed or gets another password', async () => {
    const changes: ((username: string) => Promise<unknown>)[] = [
      (username) => app.users.change(null, username, { change: { disabled: true } }),
      (username) => app.users.change(null, username, { change: { expirationDate: '2020-01-01T00:00:00Z' } }),
      (username) => app.users.change(null, username, { change: { password: 'Another-Long-Pass-1' } }),
      (username) => app.users.remove(null, username),
    ]
    for (const change of changes) {
      const { username, token } = await aSession(app)
      await change(username)
      expect((await call(app, 'GET /me', { token })).body).toMatchObject({ status: 401, code: 'unauthenticated' })
    }
  })

  it('is not inherited by a new user of the same name', async () => {
    const { username, token } = await aSession(app)
    await app.users.remove(null, username)
    await aUser(app, { username })
    expect((await call(app, 'GET /me', { token })).status).toBe(401)
  })

  it('sees changed groups, roles, privileges and attributes at the next request', async () => {
    const { username, token } = await aSession(app)
    const change = {
      roles: ['USER' as const],
      privileges: { demo: ['view' as const] },
      attributes: { list: ['a', 'b'] },
    }
    await app.users.change(null, username, { change })
    expect((await call(app, 'GET /me', { token })).body).toEqual({ username, groups: [], ...change })
  })
})

describe('a token', () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const signed = (header: { alg: string; typ: string }, claims: unknown, key: string | Buffer) => {
    const input = `${encode(header)}.${encode(claims)}`
    return `${input}.${createHmac(header.alg.replace('HS', 'sha'), key).update(input).digest('base64url')}`
  }
  const ours = { alg: 'HS256', typ: 'JWT' }

  it('says who, which session, from when and until when, for whom', async () => {
    const { username, token } = await aSession(app)
    const iat = Math.floor(app.clock.now() / 1000)
    expect(claimsOf(token)).toEqual({
      iss: 'laputa',
      aud: 'laputa:session',
      sub: username,
      sid: expect.any(String),
      iat,
      exp: iat + app.config.auth.token_lifetime / 1000,
    })
  })

  it('is refused when it is forged in any way', async () => {
    const { token } = await aSession(app)
    const claims = claimsOf(token)
    const key = await readFile(join(app.home, 'keys/session.key'))
    const [head, body, signature] = token.split('.')
    const forged: Record<string, string> = {
      'no algorithm': `${encode({ alg: 'none', typ: 'JWT' })}.${body}.`,
      'no algorithm, kept signature': `${encode({ alg: 'none' })}.${body}.${signature}`,
      'odd case of none': `${encode({ alg: 'nOnE' })}.${body}.`,
      'another HMAC': signed({ alg: 'HS512', typ: 'JWT' }, claims, key),
      'another key': signed(ours, claims, Buffer.alloc(32, 7)),
      'an empty key': signed(ours, claims, ''),
      'changed claims': `${head}.${encode({ ...claims, sub: 'somebody-else' })}.${signature}`,
      'a cut signature': token.slice(0, -2),
      'no signature': `${head}.${body}`,
      'another issuer': signed(ours, { ...claims, iss: 'elsewhere' }, key),
      'another audience': signed(ours, { ...claims, aud: 'laputa:embed' }, key),
      'no session': signed(ours, { ...claims, sid: undefined }, key),
      'a session of somebody else': signed(ours, { ...claims, sub: (await aUser(app)).username }, key),
      'an unknown session': signed(ours, { ...claims, sid: 'x' }, key),
      'no end': signed(ours, { ...claims, exp: undefined }, key),
      'an end in the past': signed(ours, { ...claims, exp: Math.floor(app.clock.now() / 1000) }, key),
      'a text for an end': signed(ours, { ...claims, exp: '9999999999' }, key),
      'an object for a name': signed(ours, { ...claims, sub: { $ne: 1 } }, key),
      nothing: '',
      'no token': 'abc',
      'only dots': '..',
      'very long': 'a'.repeat(9000),
    }
    for (const [how, token] of Object.entries(forged)) {
      const answer = await call(app, 'GET /me', { token })
      expect([how, answer.status, answer.body.code]).toEqual([how, 401, 'unauthenticated'])
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="laputa", error="invalid_token"')
    }
    expect((await call(app, 'GET /me', { token: signed(ours, claims, key) })).status).toBe(200)
    const longer = signed(ours, { ...claims, exp: claims.exp + 1_000_000 }, key)
    expect((await call(app, 'GET /me', { token: longer })).status).toBe(200)
    app.clock.advance(app.config.auth.token_lifetime)
    expect((await call(app, 'GET /me', { token: longer })).status).toBe(401)
  })
})

describe('HTTP Basic', () => {
  it('lets machines in without a session', async () => {
    const { username, password } = await aUser(app)
    const me = await call(app, 'GET /me', { basic: [username, password] })
    expect([me.status, me.body.username]).toEqual([200, username])
    expect((await call(app, 'POST /logout', { basic: [username, password] })).status).toBe(200)
  })

  it('is refused with its own challenge, and throttled like a sign-in', async () => {
    const { username, password } = await aUser(app)
    const address = '192.0.2.20'
    for (let i = 0; i < 5; i++) {
      const answer = await call(app, 'GET /me', { basic: [username, 'wrong-password'], address })
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([
        401,
        'Basic realm="laputa", charset="UTF-8"',
      ])
    }
    expect((await call(app, 'GET /me', { basic: [username, password], address })).status).toBe(429)
  })

  it('ends at once when the user changes, although the password was remembered', async () => {
    const { username, password } = await aUser(app)
    const ask = () => call(app, 'GET /me', { basic: [username, password], address: '192.0.2.21' })
    expect((await ask()).status).toBe(200)
    await app.users.change(null, username, { change: { attributes: { a: 1 } } })
    expect((await ask()).body.attributes).toEqual({ a: 1 })
    await app.users.change(null, username, { change: { disabled: true } })
    expect((await ask()).status).toBe(401)
    await app.users.change(null, username, { change: { disabled: false, password: 'Another-Long-Pass-1' } })
    expect((await ask()).status).toBe(401)
    await app.users.remove(null, username)
    await aUser(app, { username, password: 'Yet-Another-Pass-1' })
    expect((await ask()).status).toBe(401)
  })

  it('does not run the slow hash for each request', async () => {
    const { username, password } = await aUser(app)
    const timed = async () => {
      const start = performance.now()
      expect((await call(app, 'GET /me', { basic: [username, password] })).status).toBe(200)
      return performance.now() - start
    }
    const first = await timed()
    const later = Math.min(await timed(), await timed(), await timed(), await timed(), await timed())
    expect(later).toBeLessThan(first)
  })

  it.each(['Basic', 'Basic !!!', 'Basic bm9jb2xvbg==', 'Basic OnB3', 'Digest abc', 'Bearer', 'Bearer a b', 'x'])(
    'refuses the header "%s"',
    async (authorization) => {
      const answer = await call(app, 'GET /me', { headers: { authorization } })
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated'])
    },
  )
})

describe('the session cookie', () => {
  const logIn = async (headers: Record<string, string> = {}) => {
    const user = await aUser(app)
    return call(app, 'POST /login', { body: user, headers: { 'x-laputa-request': '1', ...headers } })
  }
  const pairOf = (header: unknown) => String(header).split(';')[0] ?? ''

  it('is set for our own page, out of reach of scripts and other sites', async () => {
    const answer = await logIn()
    const [pair, ...attributes] = String(answer.headers['set-cookie']).split('; ')
    expect(pair).toBe(`laputa_session=${answer.body.token}`)
    expect(attributes.sort()).toEqual([
      `Expires=${new Date(app.clock.now() + app.config.auth.token_lifetime).toUTCString()}`,
      'HttpOnly',
      'Path=/',
      'SameSite=Strict',
    ])
  })

  it('reads without more, and writes only with the header that other sites cannot send', async () => {
    const cookie = pairOf((await logIn()).headers['set-cookie'])
    expect((await call(app, 'GET /me', { headers: { cookie } })).status).toBe(200)
    for (const value of [undefined, '0', 'true', '1, 1']) {
      const headers = { cookie, ...(value !== undefined && { 'x-laputa-request': value }) }
      expect((await call(app, 'POST /logout', { headers })).body).toMatchObject({ status: 403, code: 'csrf' })
    }
    expect((await call(app, 'GET /me', { headers: { cookie } })).status).toBe(200)
    const out = await call(app, 'POST /logout', { headers: { cookie, 'x-laputa-request': '1' } })
    expect(out.status).toBe(200)
    expect(out.headers['set-cookie']).toMatch(/^laputa_session=; .*Expires=Thu, 01 Jan 1970 00:00:00 GMT/)
    expect((await call(app, 'GET /me', { headers: { cookie } })).status).toBe(401)
  })

  it('does not count beside an Authorization header, valid or not', async () => {
    const cookie = pairOf((await logIn()).headers['set-cookie'])
    const { token, username } = await aSession(app)
    expect((await call(app, 'GET /me', { token, headers: { cookie } })).body.username).toBe(username)
    expect((await call(app, 'GET /me', { token: 'forged', headers: { cookie } })).status).toBe(401)
  })

  it('asks for a sign-in when it is empty or of others', async () => {
    for (const cookie of ['laputa_session=', 'other=1', 'laputa_session', ';;;=']) {
      expect((await call(app, 'GET /me', { headers: { cookie } })).status).toBe(401)
    }
  })
})

it('a GET /me without a sign-in is told how to sign in', async () => {
  const answer = await call(app, 'GET /me')
  expect([answer.status, answer.body.code, answer.headers['www-authenticate']]).toEqual([
    401,
    'unauthenticated',
    'Bearer realm="laputa"',
  ])
})

it('no password, hash or token stands in the log', () => {
  const text = JSON.stringify(app.lines)
  expect(text).not.toMatch(/eyJhbGci|argon2|Correct-Horse|wrong-password/)
  expect(app.lines.length).toBeGreaterThan(100)
})
