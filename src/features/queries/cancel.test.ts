import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { anHttpSource, type HttpSource } from '../../../test/builders/http-source.ts'
import { anInstance, type Caller, type Instance } from '../../../test/builders/instance.ts'
import { type AppBuilder, anAppBuilder, aPostgresSource, type PostgresSource } from '../../../test/builders/live-app.ts'

const postgresUrl = process.env.LAPUTA_TEST_POSTGRES_URL
let instance: Instance
let address: string
let shop: AppBuilder
let viewer: Caller
let api: HttpSource
/** Answer the requests to the source that wait. */
const waiting = new Set<() => void>()
/** Requests to the source whose line was closed before they were answered. */
let broken = 0

beforeAll(async () => {
  api = await anHttpSource()
  instance = await anInstance({ LAPUTA_CONNECTIONS__ALLOW: '127.0.0.0/8,localhost', LAPUTA_QUERY__TIMEOUT: '2 min' })
  address = await instance.listen()
  const rows = (length: number) => `key,n\n${Array.from({ length }, (_, n) => `1,${n}`).join('\n')}\n`
  await instance.anApp({ id: 'shop', domains: { big: rows(3000), some: rows(300), few: rows(1) } })
  shop = anAppBuilder(instance, 'shop')
  const connection = await shop.connection('http', { baseroute: api.base }, 0)
  await shop.live('remote', { connection, query: { url: 'remote' } })
  await shop.permissions('remote')
  await shop.publish()
  viewer = await instance.aUser({ privileges: { shop: ['view'] } })
})
beforeEach(() => {
  broken = 0
  api.handler = (_request, response) => {
    const answer = () => response.end('[{"key":1,"n":1}]')
    waiting.add(answer)
    response.once('close', () => {
      waiting.delete(answer)
      if (!response.writableFinished) broken += 1
    })
  }
})
afterAll(async () => {
  await instance.close()
  await api.close()
})

/** A request on a line of its own, and the end of that line. */
function connect(body: unknown, caller = viewer) {
  const controller = new AbortController()
  const request = fetch(`${address}/shop/data`, {
    method: 'POST',
    headers: { ...caller.authorization, 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify(body),
    signal: controller.signal,
  })
  const status = request.then(
    (response) => response.text().then(() => response.status),
    () => 'left' as const,
  )
  return { status, leave: () => controller.abort() }
}
const wait = (holds: () => unknown) => expect.poll(holds, { interval: 20, timeout: 10_000 })

let asked = 0
/** Another query each time, over the rows of a domain. */
const over = (domain: string, ...steps: object[]) => ({
  domain,
  pipeline: [{ name: 'text', new_column: 'mark', text: `${++asked}` }, ...steps],
})
const crossed = { name: 'join', right_pipeline: 'big', type: 'inner', on: [['key', 'key']] }
const crossedWithSome = { ...crossed, right_pipeline: 'some' }
const total = { name: 'aggregate', on: [], aggregations: [{ columns: ['n'], newcolumns: ['t'], aggfunction: 'sum' }] }
/** Thousands of millions of rows. */
const endlessSteps = [crossed, crossed, crossed, total]
const shortSql = { name: 'customsql', query: 'SELECT * FROM ##PREVIOUS_STEP##' }
const endlessSql = {
  name: 'customsql',
  query: 'SELECT sum(x) AS s FROM ##PREVIOUS_STEP##, (SELECT a.range * 2 AS x FROM range(100000000000) AS a) AS b',
}

describe('a client that leaves', () => {
  it.each([
    ['a query on stored rows', () => over('big', ...endlessSteps), () => over('few')],
    ['SQL over the rows so far', () => over('big', endlessSql), () => over('few', shortSql)],
  ])('ends %s', async (_, query, short) => {
    // Where two statements run at a time, as here, a third one waits as long as both go on. A server may have room for more.
    const leaving = [connect(query()), connect(query())]
    const waits = async ({ status }: ReturnType<typeof connect>) =>
      (await Promise.race([status, sleep(500)])) === undefined
    let next = connect(short())
    // Until both are at it, also where their rows come from a server.
    for (let tries = 0; tries < 20 && !(await waits(next)); tries++) {
      await sleep(100)
      next = connect(short())
    }
    for (const { leave } of leaving) leave()
    expect(await next.status).toBe(200)
    expect(await Promise.all(leaving.map(({ status }) => status))).toEqual(['left', 'left'])
  })

  it('ends the stages of a native query', async () => {
    const work = { $size: { $map: { input: { $range: [0, 80_000_000] }, in: { $add: ['$$this', 1] } } } }
    // Over rows from elsewhere the stages are run in this process, wherever stored rows are.
    api.handler = (_request, response) => void response.end('[{"key":1,"n":1}]')
    const stages = [{ $match: { domain: 'remote' } }, { $project: { a: work } }, { $project: { b: work } }]
    const { status, leave } = connect(stages)
    await wait(() => processorTime(200)).toBeGreaterThan(50)
    leave()
    await wait(() => processorTime(200)).toBeLessThan(20)
    expect(await status).toBe('left')
  })

  it('ends the request to an HTTP source', async () => {
    const { leave } = connect(over('remote'))
    await wait(() => waiting.size).toBe(1)
    leave()
    await wait(() => [waiting.size, broken]).toEqual([0, 1])
  })

  it('ends it also in the middle of an answer, and where it is only a part of a query', async () => {
    api.handler = (_request, response) => {
      response.write('[{"key":1,"n":1},')
      waiting.add(() => {})
      response.once('close', () => {
        waiting.clear()
        broken += 1
      })
    }
    const joined = { name: 'join', right_pipeline: 'remote', type: 'left', on: [['key', 'key']] }
    for (const query of [over('few', joined), over('few', joined, { ...endlessSql }), lookup()]) {
      broken = 0
      const { leave } = connect(query)
      await wait(() => waiting.size).toBe(1)
      leave()
      await wait(() => [waiting.size, broken]).toEqual([0, 1])
    }
  })

  it('leaves to others who wait for the same answer what they wait for', async () => {
    const query = over('remote')
    const [first, second] = [connect(query), connect(query)]
    await wait(() => waiting.size).toBe(1)
    // Until the second one waits too.
    await sleep(200)
    first.leave()
    expect(await first.status).toBe('left')
    await sleep(200)
    expect([waiting.size, broken]).toEqual([1, 0])
    for (const answer of waiting) answer()
    expect(await second.status).toBe(200)
    const stored = over('some', crossedWithSome, total)
    const [third, fourth] = [connect(stored), connect(stored)]
    third.leave()
    expect(await fourth.status).toBe(200)
  })
})

function lookup() {
  const others = { $lookup: { from: 'remote', localField: 'key', foreignField: 'key', as: `a${++asked}` } }
  return [{ $match: { domain: 'few' } }, others]
}

/** Milliseconds that this process computes within so many, all threads. */
async function processorTime(ms: number): Promise<number> {
  const before = process.cpuUsage()
  await sleep(ms)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe.skipIf(!postgresUrl)('a client that leaves PostgreSQL', () => {
  let source: PostgresSource
  const running = (mark: string) => wait(async () => (await source.running(mark)).length)

  beforeAll(async () => {
    source = await aPostgresSource(postgresUrl ?? '')
    const connection = await shop.connection('postgres', source.config, 0)
    const endless = 'select count(*)::int as n, 1 as key from generate_series(1, 100000000000) as endless'
    const trickle = `select n, 1 as key, (select count(*) from generate_series(1, 10000 + n))::int as t
      from generate_series(1, 100000) as trickle(n)`
    for (const [domain, sql] of Object.entries({ endless, trickle })) {
      await shop.live(domain, { connection, query: { sql } })
      await shop.permissions(domain)
    }
    await shop.publish()
  })
  afterAll(() => source.close())

  it('ends the query at the server', async () => {
    const { leave } = connect(over('endless'))
    await running('endless').toBe(1)
    leave()
    await running('endless').toBe(0)
  })

  it('ends what is read into this process, and what waits for its turn', async () => {
    const joined = { name: 'join', right_pipeline: 'trickle', type: 'left', on: [['key', 'key']] }
    const query = over('few', joined)
    const [one, other] = [connect(query), connect(query)]
    await running('trickle').toBe(1)
    await sleep(500)
    one.leave()
    await sleep(300)
    expect(await source.running('trickle')).toHaveLength(1)
    other.leave()
    await running('trickle').toBe(0)
    // More than the connection runs at a time: none of them keeps its place.
    const many = Array.from({ length: 6 }, () => connect(over('few', joined)))
    await running('trickle').toBe(4)
    for (const { leave } of many) leave()
    await running('trickle').toBe(0)
    const next = connect(over('few', joined))
    await running('trickle').toBe(1)
    next.leave()
    await running('trickle').toBe(0)
  })
})
