import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mine, type Row, rows, rowsOf, states } from './birdstrikes.ts'
import { type Client, signIn } from './client.ts'
import { removeHome, type Started, startLaputa } from './started.ts'

let started: Started
const clients = new Map<string, Client>()

beforeAll(async () => {
  started = await startLaputa()
  for (const username of Object.keys(mine)) clients.set(username, await signIn(started, username))
})

afterAll(async () => {
  await started.stop()
  removeHome(started.home)
})

function client(username: string): Client {
  const found = clients.get(username)
  if (!found) throw new Error(username)
  return found
}

function countBy(list: readonly Row[], column: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const row of list) counts[row[column] ?? ''] = (counts[row[column] ?? ''] ?? 0) + 1
  return counts
}

it('has no viewer without rows and none with all of them', () => {
  for (const username of ['texas-viewer', 'airline-viewer', 'states-viewer']) {
    const count = rowsOf(username).length
    expect(count).toBeGreaterThan(100)
    expect(count).toBeLessThan(rows.length)
  }
})

describe.each(Object.keys(mine))('%s in production', (username) => {
  const own = rowsOf(username)

  it.each(['miss', 'hit'])('gets the rows of the domain (%s)', async (cache) => {
    const answer = await client(username).data('demo', { domain: 'birdstrikes', pipeline: [] })
    expect(answer.status).toBe(200)
    // Two users who see everything share an entry; the second of them may start with a hit.
    if (username !== 'demo-contributor') expect(answer.cache).toBe(cache)
    expect(answer.data).toHaveLength(own.length)
    expect(answer.data.map((row) => row['Origin State'])).toEqual(own.map((row) => row['Origin State']))
    expect(answer.pagination_info.pagination_info.total_rows).toBe(own.length)
    expect(answer.restricted).toBe(own.length < rows.length)
  })

  it.each([1, 2])('gets them through an aggregate (time %s)', async () => {
    const pipeline = [
      { name: 'domain', domain: 'birdstrikes' },
      {
        name: 'aggregate',
        on: ['Origin State'],
        aggregations: [{ columns: ['Airport Name'], newcolumns: ['n'], aggfunction: 'count' }],
      },
    ]
    const answer = await client(username).data('demo', { domain: 'birdstrikes', pipeline })
    expect(Object.fromEntries(answer.data.map((row) => [row['Origin State'], row.n]))).toEqual(
      countBy(own, 'Origin State'),
    )
  })

  it.each([1, 2])('gets them through a join from another domain (time %s)', async () => {
    const pipeline = [
      { name: 'domain', domain: 'states' },
      { name: 'join', right_pipeline: 'birdstrikes', type: 'inner', on: [['state', 'Origin State']] },
    ]
    const answer = await client(username).data('demo', { domain: 'states', pipeline })
    const known = new Set(states.map((row) => row.state))
    const expected = own.filter((row) => known.has(row['Origin State']))
    expect(answer.data).toHaveLength(expected.length)
    expect(countBy(answer.data as Row[], 'Aircraft Airline Operator')).toEqual(
      countBy(expected, 'Aircraft Airline Operator'),
    )
  })

  it('pages through them without losing or repeating one', async () => {
    const pipeline = [{ name: 'sort', columns: [{ column: 'Origin State', order: 'desc' }] }]
    const seen: unknown[] = []
    for (let offset = 0; offset < own.length; offset += 997) {
      const page = await client(username).data('demo', { domain: 'birdstrikes', pipeline, offset, limit: 997 })
      expect(page.pagination_info.pagination_info.total_rows).toBe(own.length)
      seen.push(...page.data.map((row) => JSON.stringify(row)))
    }
    const whole = await client(username).data('demo', { domain: 'birdstrikes', pipeline })
    expect(seen).toEqual(whole.data.map((row) => JSON.stringify(row)))
  })
})

it('shows nothing to a viewer who lacks the attribute of the rule', async () => {
  const admin = client('demo-admin')
  const user = {
    username: 'no-attribute',
    password: 'Long-enough-2026',
    groups: ['airlines', 'regions'],
    privileges: { demo: ['view'] },
  }
  expect((await admin.send('POST', '/users', user)).status).toBe(201)
  const viewer = await signIn(started, 'no-attribute', 'Long-enough-2026')
  const answer = await viewer.data('demo', { domain: 'birdstrikes', pipeline: [] })
  expect(answer.status).toBe(200)
  expect(answer.data).toEqual([])
  expect(answer.restricted).toBe(true)
  await admin.send('PATCH', '/users/no-attribute', { attributes: { airline: '', states: [] } })
  expect((await viewer.data('demo', { domain: 'birdstrikes', pipeline: [] })).data).toEqual([])
  await admin.send('PATCH', '/users/no-attribute', { attributes: { airline: 'MILITARY' } })
  const military = rows.filter((row) => row['Aircraft Airline Operator'] === 'MILITARY').length
  expect((await viewer.data('demo', { domain: 'birdstrikes', pipeline: [] })).data).toHaveLength(military)
})

it('shows staging to builders and to nobody below a validator', async () => {
  expect((await client('texas-viewer').data('demo', { domain: 'birdstrikes', pipeline: [] }, 'staging')).status).toBe(
    403,
  )
  expect(
    (await client('demo-contributor').data('demo', { domain: 'birdstrikes', pipeline: [] }, 'staging')).data,
  ).toHaveLength(10_000)
})

it('answers 304 to whoever has the bytes already', async () => {
  const viewer = client('texas-viewer')
  const body = { domain: 'birdstrikes', pipeline: [], limit: 10 }
  const first = await viewer.data('demo', body)
  const again = await viewer.send('POST', '/demo/data', body, { 'if-none-match': first.etag ?? '' })
  expect(again.status).toBe(304)
  expect(await again.text()).toBe('')
})
