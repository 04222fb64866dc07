import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anHttpSource } from '../../../test/builders/http-source.ts'
import { type Answer, anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { anAppBuilder } from '../../../test/builders/live-app.ts'

const day = 86_400_000
const noon = Date.parse('2026-03-10T12:00:00.000Z')
let now = noon
let instance: Instance
let count = 0

beforeAll(async () => {
  const settings = {
    LAPUTA_CONNECTIONS__ALLOW: '127.0.0.1',
    LAPUTA_AUTH__TOKEN_LIFETIME: '30 d',
    LAPUTA_QUERY__CACHE__TTL: '7 d',
  }
  instance = await anInstance(settings, { now: () => now })
})
afterAll(() => instance.close())

const own = { column: 'region', operator: 'in', value: ['{{ user.attributes.region }}'] }
const ownRows = [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition: own }]
const sales = 'region,n\na,1\nb,2\nc,3\n'
const allSales = { domain: 'sales', pipeline: [] }

/** An app of its own, so that nothing is known of it; everybody sees the rows of their region. */
async function anApp(domains: Record<string, string> = { sales }): Promise<string> {
  const id = `app-${++count}`
  await instance.anApp({ id, domains, published: false })
  await instance.admin.call('PUT', `/${id}/permissions/sales`, { body: ownRows })
  await instance.admin.publish(id)
  return id
}

type UserFields = NonNullable<Parameters<Instance['aUser']>[0]>
const aViewer = async (app: string, region: unknown, fields: UserFields = {}) => {
  const username = `viewer-${++count}`
  const privileges = { [app]: ['view'] }
  const caller = await instance.aUser({ username, privileges, attributes: { region }, ...fields })
  return { username, caller, ask: asker(caller, app) }
}

const asker =
  (caller: Caller, app: string) =>
  (body: unknown = allSales, headers: Record<string, string> = {}) =>
    caller.call('POST', `/${app}/data`, { body, headers })
const change = async (username: string, body: object) => {
  const { status } = await instance.admin.call('PATCH', `/users/${username}`, { body })
  expect(status).toBe(200)
}
const regions = ({ body }: Answer) => body.data.map((row: { region: string }) => row.region)
/** Whoever prepares a request says how long that took. */
const isRecalled = ({ headers }: Answer) =>
  headers['x-cache'] === 'hit' && !String(headers['server-timing']).includes('plan;')

/** Where others may write to the store, nothing is recalled: it could not be void at once. */
const recalls = () => !instance.shared

/** Asks until the answer is recalled, so that what follows finds it so. */
async function warm(ask: ReturnType<typeof asker>, body: unknown = allSales): Promise<Answer> {
  await ask(body)
  const second = await ask(body)
  expect([second.status, isRecalled(second)]).toEqual([200, recalls()])
  return second
}

describe('a request that was answered before', () => {
  it('is answered alike without being prepared again, in each form', async () => {
    const app = await anApp({ sales: `region,n\n${Array.from({ length: 300 }, (_, n) => `a,${n}`).join('\n')}\n` })
    const { ask } = await aViewer(app, 'a')
    const forms = ['identity', 'br', 'gzip']
    const asked = async (coding: string) => ask(allSales, { 'accept-encoding': coding })
    const first = await Promise.all(forms.map(asked))
    const again = await Promise.all(forms.map(asked))
    for (const [index, answer] of again.entries()) {
      expect(isRecalled(answer)).toBe(recalls())
      expect(answer.bytes.equals(first[index]?.bytes ?? Buffer.alloc(0))).toBe(true)
      for (const name of ['etag', 'vary', 'content-encoding', 'content-length', 'x-data-version', 'x-frame-options'])
        expect(answer.headers[name], name).toEqual(first[index]?.headers[name])
      const unchanged = await ask(allSales, {
        'accept-encoding': forms[index] ?? '',
        'if-none-match': String(answer.headers.etag),
      })
      expect([unchanged.status, unchanged.bytes.length]).toEqual([304, 0])
    }
  })

  it('is prepared again when it asks for a fresh read, carries a query or a key, or has other bytes', async () => {
    const app = await anApp()
    const { ask, caller } = await aViewer(app, 'a')
    await warm(ask)
    const fresh = await ask(allSales, { 'cache-control': 'no-cache' })
    expect(fresh.headers['x-cache']).toBe('bypass')
    const keyed = await ask(allSales, { 'idempotency-key': 'one' })
    const queried = await caller.call('POST', `/${app}/data?user=root`, { body: allSales })
    const spaced = await ask(JSON.stringify(allSales, null, 1), { 'content-type': 'application/json' })
    for (const answer of [keyed, queried, spaced]) {
      expect([answer.status, isRecalled(answer), regions(answer)]).toEqual([200, false, ['a']])
    }
  })

  it.each([
    ['application/json', '{"domain": "sales", "pipeline": [}', 'malformed_json'],
    ['application/json', Buffer.from([0x7b, 0xff, 0x7d]), 'malformed_json'],
    ['application/json', '', 'invalid_request'],
    ['application/json', '{"domain":"sales","pipeline":{}}', 'invalid_request'],
    ['application/json', '{"domain":"sales","pipeline":[],"__proto__":{"a":1}}', 'invalid_request'],
    ['application/json', `{"domain":"sales","pipeline":${'['.repeat(200)}${']'.repeat(200)}}`, 'invalid_request'],
    ['text/plain', JSON.stringify(allSales), 'unsupported_media_type'],
  ])('is one that could be read: %s %.40s', async (type, body, code) => {
    const app = await anApp()
    const { ask } = await aViewer(app, 'a')
    await warm(ask)
    for (const _ of [1, 2]) expect((await ask(body, { 'content-type': type })).body).toMatchObject({ code })
  })

  it('is never recalled while nothing is cached', async () => {
    const bare = await anInstance({ LAPUTA_QUERY__CACHE__STATUS: 'disable' })
    try {
      await bare.anApp({ id: 'shop', domains: { sales } })
      for (const _ of [1, 2, 3]) expect((await asker(bare.admin, 'shop')()).headers['x-cache']).toBe('bypass')
    } finally {
      await bare.close()
    }
  })

  it('has the values of its own parameters', async () => {
    const app = await anApp()
    const { ask } = await aViewer(app, ['a', 'b', 'c'])
    const wanted = { column: 'n', operator: 'eq', value: '{{ n }}' }
    const query = (n: number) => ({ ...allSales, pipeline: [{ name: 'filter', condition: wanted }], parameters: { n } })
    for (const [n, region] of [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [1, 'a'],
    ] as const)
      expect(regions(await warm(ask, query(n)))).toEqual([region])
  })

  it('counts its relative dates from today', async () => {
    now = noon
    const dates = Array.from({ length: 6 }, (_, n) => new Date(noon + (n - 2) * day).toISOString().slice(0, 10))
    const app = await anApp({ sales, dated: `d\n${dates.join('\n')}\n` })
    const { ask } = await aViewer(app, 'a')
    const since = { column: 'd', operator: 'from', value: { operator: 'until', quantity: 0, duration: 'day' } }
    const query = { domain: 'dated', pipeline: [{ name: 'filter', condition: since }] }
    const seen: unknown[] = []
    for (const hours of [0, 11.99, 0.02, 24]) {
      now += hours * 3_600_000
      const recalled = isRecalled(await ask(query))
      seen.push([recalled, (await warm(ask, query)).body.data.length])
    }
    now = noon
    expect(seen).toEqual([
      [false, 4],
      [recalls(), 4],
      [false, 3],
      [false, 2],
    ])
  })

  it('is prepared each time when it reads a connection', async () => {
    const api = await anHttpSource()
    try {
      const app = await anApp()
      const builder = anAppBuilder(instance, app)
      const connection = await builder.connection('http', { baseroute: `${api.base}/v1` })
      await builder.live('live', { connection, query: {} })
      await builder.permissions('live')
      await builder.derived('above', [{ name: 'domain', domain: 'live' }])
      await builder.permissions('above')
      await builder.publish()
      api.handler = (request, response) => response.end(JSON.stringify([{ url: request.url }]))
      const { ask } = await aViewer(app, 'a')
      for (const domain of ['live', 'above']) {
        const query = { domain, pipeline: [] }
        for (const _ of [1, 2, 3]) expect(isRecalled(await ask(query))).toBe(false)
        const version = domain === 'live' ? '/api/v2' : '/api/v3'
        const config = { baseroute: `${api.base}${version.slice(4)}` }
        await instance.admin.call('PATCH', `/${app}/connections/${connection}`, { body: { config } })
        expect((await ask(query)).body.data).toEqual([{ url: version }])
      }
    } finally {
      await api.close()
    }
  })
})

describe('what is known of a request', () => {
  it('never crosses users: random people, random rules, the same requests', async () => {
    const app = await anApp()
    const groups = ['g1', 'g2']
    const letters = ['a', 'b', 'c']
    const person = fc.record({
      region: fc.oneof(fc.constantFrom(...letters), fc.subarray(letters), fc.constant(null)),
      groups: fc.subarray(groups),
    })
    const rule = fc.record({
      everybody: fc.boolean(),
      g1: fc.subarray(letters, { minLength: 1 }),
      g2: fc.constantFrom('SEE_ALL', 'SEE_NOTHING'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(person, { minLength: 2, maxLength: 4 }),
        rule,
        async (people, { everybody, g1, g2 }) => {
          const value = { column: 'region', operator: 'in', value: g1 }
          const records = [
            ...(everybody ? ownRows : []),
            { scope: 'USER_GROUP', group: 'g1', effect: 'CUSTOM', condition: value },
            { scope: 'USER_GROUP', group: 'g2', effect: g2 },
            { scope: 'DEFAULT', effect: 'SEE_NOTHING' },
          ]
          await instance.admin.call('PUT', `/${app}/permissions/sales`, { body: records })
          await instance.admin.publish(app)
          const callers = await Promise.all(people.map(({ region, groups }) => aViewer(app, region, { groups })))
          const expected = people.map(({ region, groups }) => {
            const attribute = everybody ? [region ?? []].flat() : []
            const shown = new Set([...attribute, ...(groups.includes('g1') ? g1 : [])])
            const all = groups.includes('g2') && g2 === 'SEE_ALL'
            return letters.filter((letter) => all || shown.has(letter))
          })
          for (const _ of [1, 2, 3]) {
            const answers = await Promise.all(callers.map(({ ask }) => ask()))
            expect(answers.map(regions)).toEqual(expected)
          }
        },
      ),
      { numRuns: 25 },
    )
  }, 90_000)

  it('is void as soon as its user changes', async () => {
    const app = await anApp()
    const records = [
      { scope: 'USER_GROUP', group: 'temporary', effect: 'SEE_ALL' },
      { scope: 'DEFAULT', effect: 'CUSTOM', condition: own },
    ]
    await instance.admin.call('POST', '/groups', { body: { name: 'temporary' } })
    await instance.admin.call('PUT', `/${app}/permissions/sales`, { body: records })
    await instance.admin.publish(app)
    const { username, ask } = await aViewer(app, 'a')
    expect(regions(await warm(ask))).toEqual(['a'])
    await change(username, { attributes: { region: 'b' } })
    expect(regions(await ask())).toEqual(['b'])
    await warm(ask)
    await change(username, { groups: ['temporary'] })
    expect(regions(await ask())).toEqual(['a', 'b', 'c'])
    await warm(ask)
    expect((await instance.admin.call('DELETE', '/groups/temporary')).status).toBeLessThan(300)
    expect(regions(await ask())).toEqual(['b'])
    await warm(ask)
    await change(username, { privileges: {} })
    expect((await ask()).status).toBe(404)
    await change(username, { privileges: { [app]: ['view'] } })
    await warm(ask)
    await change(username, { disabled: true })
    expect((await ask()).status).toBe(401)
    await change(username, { disabled: false })
    await warm(ask)
    await change(username, { password: 'Another-one-2026!' })
    expect((await ask()).status).toBe(401)
  })

  it('is void as soon as its session ends, by sign-out, removal or time', async () => {
    const app = await anApp()
    const [leaving, removed, expiring] = [await aViewer(app, 'a'), await aViewer(app, 'a'), await aViewer(app, 'a')]
    for (const { ask } of [leaving, removed, expiring]) await warm(ask)
    await leaving.caller.call('POST', '/logout')
    expect((await leaving.ask()).status).toBe(401)
    await instance.admin.call('DELETE', `/users/${removed.username}`)
    expect((await removed.ask()).status).toBe(401)
    await change(expiring.username, { expirationDate: new Date(now + 60_000).toISOString() })
    await warm(expiring.ask)
    now += 59_000
    expect((await expiring.ask()).status).toBe(200)
    now += 1_000
    expect((await expiring.ask()).status).toBe(401)
    await change(expiring.username, { expirationDate: null })
    await warm(expiring.ask)
    now += 30 * day
    expect((await expiring.ask()).status).toBe(401)
    now = noon
  })

  it('is void as soon as other rows or rules are published, and only then', async () => {
    const app = await anApp()
    const { ask } = await aViewer(app, 'a')
    const validator = (await aViewer(app, 'a', { privileges: { [app]: ['validate'] } })).caller
    const staged = () => validator.call('POST', `/${app}/data?stage=staging`, { body: allSales })
    await warm(ask)
    await staged()
    expect(isRecalled(await staged())).toBe(recalls())
    await instance.admin.call('PUT', `/${app}/permissions/sales`, { body: [{ scope: 'DEFAULT', effect: 'SEE_ALL' }] })
    expect(regions(await staged())).toEqual(['a', 'b', 'c'])
    const still = await ask()
    expect([isRecalled(still), regions(still)]).toEqual([recalls(), ['a']])
    await instance.admin.publish(app)
    expect(regions(await ask())).toEqual(['a', 'b', 'c'])
    await warm(ask)
    await instance.admin.upload(app, 'sales', 'region,n\nz,9\n')
    expect(regions(await staged())).toEqual(['z'])
    expect(isRecalled(await ask())).toBe(recalls())
    await instance.admin.publish(app)
    expect(regions(await ask())).toEqual(['z'])
    await warm(ask)
    await instance.admin.call('DELETE', `/small-apps/${app}`)
    expect((await ask()).status).toBe(404)
  })

  it('is void at once under load too: what is asked after a change is answered by it', async () => {
    const rounds = 20
    const named = (round: number) => `r${String(round).padStart(2, '0')}`
    const rows = Array.from({ length: rounds + 1 }, (_, round) => `${named(round)},${round}`)
    const app = await anApp({ sales: `region,n\n${rows.join('\n')}\n` })
    const { username, ask } = await aViewer(app, named(0))
    await warm(ask)
    let running = true
    let wrong = 0
    let settled = named(0)
    let next = settled
    const client = async () => {
      while (running) {
        const sentUnder = settled
        const answer = await ask()
        if (answer.status === 401) return
        const [region] = regions(answer)
        // While changes are on their way each of them is right, and what was before them is not.
        if (region < sentUnder || region > next) wrong++
      }
    }
    const clients = Array.from({ length: 8 }, client)
    for (let round = 1; round <= rounds; round++) {
      next = named(round)
      await change(username, { attributes: { region: next } })
      settled = next
      for (let asked = 0; asked < 5; asked++) if (regions(await ask())[0] !== next) wrong++
    }
    await instance.admin.call('DELETE', `/users/${username}`)
    expect((await ask()).status).toBe(401)
    running = false
    await Promise.all(clients)
    expect(wrong).toBe(0)
  })
})
