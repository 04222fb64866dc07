import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aSession } from '../../../test/builders/auth.ts'
import { aScheduling, type Scheduling } from '../../../test/builders/scheduling.ts'
import { type Answer, type CallOptions, call } from '../../../test/builders/server.ts'
import { newSchedule } from './schedules.schema.ts'

let app: Scheduling
let contributor: string
beforeAll(async () => {
  app = await aScheduling()
  for (const id of ['shop', 'lab', 'full']) await app.anApp(id)
  contributor = (await aSession(app, { username: 'Bo', privileges: { shop: ['contribute'] } })).token
})
afterAll(() => app.close())

type Line = Parameters<typeof call>[1]
const ask = (line: Line, options: CallOptions = {}) => call(app, line, { token: contributor, ...options })
const asAdmin = (line: Line, options: CallOptions = {}) => call(app, line, { token: app.admin, ...options })
const iso = (instant: number) => new Date(instant).toISOString()
const hour = 3_600_000
const later = (ms: number) => iso(Math.floor(app.clock.now() / hour) * hour + ms)

let named = 0
const hourly = (fields: object = {}) => ({
  name: `Hourly ${++named}`,
  cron: '0 * * * *',
  actions: [{ kind: 'refresh' }],
  ...fields,
})
const make = (fields: object = {}) => ask('POST /shop/schedules', { body: hourly(fields) })

describe('who may', () => {
  it.each([
    'GET /shop/schedules',
    'POST /shop/schedules',
    'GET /shop/schedules/x',
    'PATCH /shop/schedules/x',
    'DELETE /shop/schedules/x',
    'POST /shop/schedules/x/run',
    'GET /shop/schedules/x/runs',
  ] as const)('%s: contributors of the app only', async (line) => {
    const body = line.startsWith('POST') || line.startsWith('PATCH') ? hourly() : undefined
    const viewer = await aSession(app, { privileges: { shop: ['view'] } })
    const validator = await aSession(app, { privileges: { shop: ['validate'] } })
    const stranger = await aSession(app, { privileges: { lab: ['contribute'] } })
    expect((await call(app, line, { body })).status).toBe(401)
    expect((await call(app, line, { body, token: viewer.token })).body).toMatchObject({ code: 'forbidden' })
    expect((await call(app, line, { body, token: validator.token })).body).toMatchObject({ code: 'forbidden' })
    expect((await call(app, line, { body, token: stranger.token })).status).toBe(404)
  })

  it('a schedule of another app is not there', async () => {
    const id = await app.aSchedule('lab')
    for (const line of ['GET', 'PATCH', 'DELETE'] as const) {
      const body = line === 'PATCH' ? {} : undefined
      expect((await ask(`${line} /shop/schedules/${id}`, { body })).status).toBe(404)
    }
    expect((await ask(`POST /shop/schedules/${id}/run`)).status).toBe(404)
    expect((await ask(`GET /shop/schedules/${id}/runs`)).status).toBe(404)
    expect((await app.read('lab', id)).status).toBe(200)
    expect((await asAdmin('GET /nowhere/schedules')).status).toBe(404)
    expect((await asAdmin('POST /nowhere/schedules', { body: hourly() })).status).toBe(404)
  })
})

describe('a schedule', () => {
  it('is made with defaults, and says when it runs next', async () => {
    const made = await make({ name: ' Every hour ', cron: ' 0  *\t* * * ' })
    expect(made.status).toBe(201)
    const { id } = made.body
    const now = iso(app.clock.now())
    const whole = {
      id: expect.any(String),
      name: 'Every hour',
      cron: '0 * * * *',
      timezone: 'UTC',
      actions: [{ kind: 'refresh', domains: null }],
      enabled: true,
      catch_up: { policy: 'once', limit: null },
      next_run: later(hour),
      last_run: null,
      last_skip: null,
      ...{ created_at: now, created_by: 'Bo', updated_at: now, updated_by: 'Bo' },
    }
    expect(made.body).toEqual(whole)
    expect(made.headers).toMatchObject({ location: `/shop/schedules/${id}`, etag: '"1.1"' })
    const read = await ask(`GET /shop/schedules/${id}`)
    expect([read.body, read.headers.etag]).toEqual([whole, '"1.1"'])
    const list = await ask('GET /shop/schedules')
    expect(list.body).toContainEqual(whole)
  })

  it('keeps what it is given', async () => {
    const actions = [
      { kind: 'refresh', domains: ['sales', 'stock'] },
      { kind: 'publish', parts: ['data', 'permissions'], domains: null },
    ]
    const fields = { actions, timezone: 'Asia/Tokyo', cron: '30 6 * * 1-5', catch_up: { policy: 'all', limit: 3 } }
    const made = await make({ ...fields, enabled: false })
    expect(made.body).toMatchObject({ ...fields, enabled: false, next_run: null })
    const { catch_up, enabled, name } = made.body
    const again = await ask(`PATCH /shop/schedules/${made.body.id}`, { body: { name, actions, catch_up, enabled } })
    expect(again.body).toMatchObject({ ...fields, enabled: false })
  })

  it.each([
    [{ name: '' }, '/name'],
    [{ name: 'a\u0007' }, '/name'],
    [{ cron: '* * * *' }, '/cron'],
    [{ cron: '* * * * * *' }, '/cron'],
    [{ cron: '0 25 * * *' }, '/cron'],
    [{ cron: '@daily' }, '/cron'],
    [{ cron: '0 0 30 2 *' }, '/cron'],
    [{ cron: `0 0 * * ${'1,'.repeat(200)}1` }, '/cron'],
    [{ cron: 5 }, '/cron'],
    [{ timezone: 'Europe/Pari' }, '/timezone'],
    [{ timezone: '+02:00' }, '/timezone'],
    [{ actions: [] }, '/actions'],
    [{ actions: [{ kind: 'mail' }] }, '/actions/0/kind'],
    [{ actions: [{ kind: 'refresh', parts: ['data'] }] }, '/actions/0/parts'],
    [{ actions: [{ kind: 'refresh', domains: [] }] }, '/actions/0/domains'],
    [{ actions: [{ kind: 'publish', parts: ['everything'] }] }, '/actions/0/parts/0'],
    [{ actions: [{ kind: 'publish' }, { kind: 'refresh' }] }, '/actions'],
    [{ actions: [{ kind: 'refresh' }, { kind: 'refresh' }] }, '/actions'],
    [{ catch_up: { policy: 'some' } }, '/catch_up/policy'],
    [{ catch_up: { policy: 'once', limit: 5 } }, '/catch_up/limit'],
    [{ catch_up: { policy: 'all', limit: 101 } }, '/catch_up/limit'],
    [{ catch_up: { policy: 'all', limit: 0 } }, '/catch_up/limit'],
    [{ enabled: 'yes' }, '/enabled'],
    [{ color: 1 }, '/color'],
  ])('cannot be made with %j, nor changed to it', async (fields, path) => {
    const refusal = { status: 400, code: 'invalid_request', errors: [{ path }] }
    expect((await make(fields)).body).toMatchObject(refusal)
    const id = await app.aSchedule('shop')
    expect((await ask(`PATCH /shop/schedules/${id}`, { body: fields })).body).toMatchObject(refusal)
  })

  it('has a name that is unique in its app, without regard to case', async () => {
    await make({ name: 'Nightly' })
    expect((await make({ name: 'NIGHTLY' })).body).toMatchObject({ status: 409, code: 'conflict' })
    const other = await make()
    const renamed = await ask(`PATCH /shop/schedules/${other.body.id}`, { body: { name: 'nightly' } })
    expect(renamed.body).toMatchObject({ status: 409, code: 'conflict' })
    expect((await asAdmin('POST /lab/schedules', { body: hourly({ name: 'Nightly' }) })).status).toBe(201)
  })

  it('is one of at most a hundred of its app, also when many are made at once', async () => {
    const input = newSchedule.parse(hourly())
    const earlier = Array.from({ length: 95 }, (_, n) => ({ ...input, name: `Earlier ${n}` }))
    await Promise.all(earlier.map((schedule) => app.schedules.create('root', 'full', schedule)))
    const made = await Promise.all(
      Array.from({ length: 12 }, () => asAdmin('POST /full/schedules', { body: hourly() })),
    )
    expect(made.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(5)
    expect(made.filter(({ status }) => status !== 201).every(({ body }) => body.code === 'too_large')).toBe(true)
    const { body } = await asAdmin('GET /full/schedules')
    expect(body.length).toBeLessThanOrEqual(100)
  })

  it('goes away', async () => {
    const { body } = await make()
    expect((await ask(`DELETE /shop/schedules/${body.id}`, { headers: { 'if-match': '"7.1"' } })).status).toBe(412)
    expect((await ask(`DELETE /shop/schedules/${body.id}`, { headers: { 'if-match': '"1.1"' } })).status).toBe(200)
    expect((await ask(`GET /shop/schedules/${body.id}`)).status).toBe(404)
    expect((await ask(`DELETE /shop/schedules/${body.id}`)).status).toBe(404)
  })

  it('goes away with its app', async () => {
    const id = await app.aSchedule('lab')
    await app.schedules.removeAll('lab')
    expect((await app.read('lab', id)).status).toBe(404)
    expect((await asAdmin('GET /lab/schedules')).body).toEqual([])
  })
})

describe('a change', () => {
  const patch = (id: string, body: object, tag?: string): Promise<Answer> =>
    ask(`PATCH /shop/schedules/${id}`, { body, headers: tag === undefined ? {} : { 'if-match': tag } })

  it('is refused when somebody else was faster, and goes through when it merely ran meanwhile', async () => {
    const { body, headers } = await make()
    const tag = String(headers.etag)
    const { status } = await ask(`POST /shop/schedules/${body.id}/run`)
    expect(status).toBe(202)
    const read = await ask(`GET /shop/schedules/${body.id}`)
    expect(read.headers.etag).not.toBe(tag)
    expect((await patch(body.id, { enabled: false }, tag)).body).toMatchObject({ enabled: false, next_run: null })
    expect((await patch(body.id, { enabled: true }, tag)).body).toMatchObject({ code: 'precondition_failed' })
    expect((await patch(body.id, { enabled: true }, '*')).status).toBe(200)
  })

  it('of many at once loses none', async () => {
    const { body } = await make()
    const changes = [{ name: 'Renamed' }, { cron: '5 * * * *' }, { timezone: 'Europe/Paris' }, { enabled: false }]
    const answers = await Promise.all(changes.map((change) => patch(body.id, change)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await ask(`GET /shop/schedules/${body.id}`)).body).toMatchObject(Object.assign({}, ...changes))
  })

  it('to other times counts from now; other changes leave the next run where it is', async () => {
    const { body } = await make()
    app.clock.advance(2.5 * hour)
    expect((await patch(body.id, { name: `Late ${++named}` })).body.next_run).toBe(body.next_run)
    expect((await patch(body.id, { cron: '10 * * * *' })).body.next_run).toBe(later(hour + 600_000))
    expect((await patch(body.id, { enabled: false })).body.next_run).toBeNull()
    app.clock.advance(5 * hour)
    expect((await patch(body.id, { enabled: true })).body.next_run).toBe(later(hour + 600_000))
    await app.aScheduler().turn()
    expect(await app.runsOf(body.id)).toEqual([])
  })
})

describe('running one now', () => {
  it('begins its actions in order, also when it is off, and is seen in its history', async () => {
    const { body } = await make({ enabled: false, actions: [{ kind: 'refresh' }, { kind: 'publish' }] })
    const before = app.done.length
    const run = await ask(`POST /shop/schedules/${body.id}/run`)
    expect(run.status).toBe(202)
    const [first, second] = run.body.operations
    expect(run.body).toMatchObject({ operation_id: second, operations: [first, second] })
    expect(run.headers.location).toBe(`/shop/operations/${second}`)
    await app.settle()
    expect(app.done.slice(before)).toEqual(['refresh shop', 'publish shop'])
    const runs = await ask(`GET /shop/schedules/${body.id}/runs`)
    expect(runs.body.next).toBeNull()
    expect(runs.body.operations).toMatchObject([
      { id: second, job: 'publish', state: 'done', by: 'Bo', app: 'shop' },
      { id: first, job: 'refresh', state: 'done', by: 'Bo', app: 'shop' },
    ])
    const read = await ask(`GET /shop/schedules/${body.id}`)
    expect(read.body.last_run).toEqual({
      at: iso(app.clock.now()),
      by: 'Bo',
      operations: [first, second],
      error: null,
    })
  })

  it('is done once for an Idempotency-Key', async () => {
    const { body } = await make()
    const headers = { 'idempotency-key': 'once-and-no-more' }
    const [one, two] = [
      await ask(`POST /shop/schedules/${body.id}/run`, { headers }),
      await ask(`POST /shop/schedules/${body.id}/run`, { headers }),
    ]
    expect(two.body).toEqual(one.body)
    await ask(`POST /shop/schedules/${body.id}/run`)
    expect(await app.operationsOf(body.id)).toHaveLength(2)
  })

  it('its history comes in pages', async () => {
    const { body } = await make()
    const started: string[] = []
    for (let n = 0; n < 5; n++) {
      app.clock.advance(1)
      started.unshift((await ask(`POST /shop/schedules/${body.id}/run`)).body.operation_id)
    }
    const seen: string[] = []
    let after = ''
    for (let page = 0; page < 5; page++) {
      const answer = await ask(`GET /shop/schedules/${body.id}/runs?limit=2${after}`)
      seen.push(...answer.body.operations.map(({ id }: { id: string }) => id))
      if (answer.body.next === null) break
      after = `&after=${answer.body.next}`
    }
    expect(seen).toEqual(started)
    expect((await ask(`GET /shop/schedules/${body.id}/runs?limit=0`)).status).toBe(400)
    expect((await ask(`GET /shop/schedules/${body.id}/runs?limit=x`)).status).toBe(400)
  })
})

it('what is done to schedules is in the audit log', async () => {
  const { body } = await make({ name: 'Noted' })
  await ask(`PATCH /shop/schedules/${body.id}`, { body: { enabled: false } })
  await ask(`DELETE /shop/schedules/${body.id}`)
  const events = await app.audited()
  for (const event of ['schedule.create Noted', `schedule.change ${body.id}`, `schedule.remove ${body.id}`]) {
    expect(events).toContain(event)
  }
})
