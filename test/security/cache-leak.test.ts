import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guard } from '../../src/access/index.ts'
import { type Answer, anInstance, type Caller, type Instance } from '../builders/instance.ts'
import { type Choices, choicesFrom } from './choices.ts'
import { app, principalOf, recordsOf } from './door.ts'
import { type PlainTable, type PlainUser, type RawRecord, seenBy } from './plain-rules.ts'
import { fuzzOptions } from './random-cases.ts'
import { randomRecords, randomUser } from './random-world.ts'

/** As many rows as it takes for an answer to be compressed; numbers and texts only, so that a CSV file tells their types. */
const table: PlainTable = {
  columns: [
    { name: 'id', type: 'integer' },
    { name: 'country', type: 'text' },
    { name: 'amount', type: 'number' },
  ],
  rows: Array.from({ length: 90 }, (_, n) => [n, ['FR', 'IT', 'a', 'été'][n % 4]!, (n % 7) + 0.25]),
}
const csv = [table.columns.map(({ name }) => name), ...table.rows].map((row) => row.join(',')).join('\n')
const forms = ['identity', 'gzip', 'br'] as const
const runs = 25
const ttl = 60
const stale = 30

interface Somebody {
  readonly user: PlainUser
  readonly caller: Caller
}

describe('answers that are kept', () => {
  let now = Date.now()
  let instance: Instance
  let users: Somebody[] = []
  let asked = 0
  const pairs = { shared: 0, apart: 0, stale: 0 }

  beforeAll(async () => {
    const settings = {
      LAPUTA_QUERY__CACHE__TTL: `${ttl} s`,
      LAPUTA_QUERY__CACHE__STALE_WHILE_REVALIDATE: `${stale} s`,
      LAPUTA_QUERY__CACHE__FRESH_READS: '100000',
    }
    instance = await anInstance(settings, { now: () => now })
    await instance.anApp({ id: app, domains: { sales: csv } })
    users = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map(async (seed) => {
        const { groups, attributes } = randomUser(choicesFrom(seed * 7919))
        const username = `reader-${seed}`
        const fields = { username, privileges: { [app]: ['view'] }, groups: [...groups], attributes: { ...attributes } }
        return { user: { username, groups, attributes }, caller: await instance.aUser(fields) }
      }),
    )
  }, 60_000)
  afterAll(() => instance.close())

  /** A request that nobody has made before, either of rows or of the values of a column. */
  function newRequest(isOfValues: boolean): (caller: Caller, headers?: Record<string, string>) => Promise<Answer> {
    const offset = ++asked
    if (isOfValues)
      return (caller, headers = {}) =>
        caller.call('GET', `/${app}/data/sales/values/id?limit=${1000 + offset}`, { headers })
    const body = { domain: 'sales', pipeline: [], limit: 1000 + offset }
    return (caller, headers = {}) => caller.call('POST', `/${app}/data`, { body, headers })
  }

  function fingerprint(user: PlainUser, records: readonly RawRecord[]): string {
    const context = { principal: principalOf(user), app, stage: 'production', whenUnset: 'deny' } as const
    const read = recordsOf({ sales: records })
    const query = { pipeline: [{ name: 'domain', domain: 'sales' }] } as const
    return guard(query, { ...context, records: (name) => read[name] ?? [] }).fingerprint
  }

  function expectOwn(
    answer: Answer,
    { user }: Somebody,
    about: { records: readonly RawRecord[]; isOfValues: boolean },
  ): void {
    expect(answer.status).toBe(200)
    const { columns, rows } = seenBy(user, table, { records: about.records, unset: 'deny' })
    const names = about.isOfValues ? ['id'] : columns.map(({ name }) => name)
    const expected = rows.map((row) =>
      Object.fromEntries(names.map((name) => [name, row[columns.findIndex((column) => column.name === name)]])),
    )
    expect(contentOf(answer).data).toEqual(expected)
  }

  /** The first asks, and then the second asks for the same, in time, late, or for something fresh. */
  async function askBoth(choices: Choices, records: readonly RawRecord[]): Promise<void> {
    const [first, second] = [choices.pick(users), choices.pick(users)]
    const about = { records, isOfValues: choices.chance(30) }
    const ask = newRequest(about.isOfValues)
    const encoded = () => ({ 'accept-encoding': choices.pick(forms) })
    // Compressed forms are made when they are first asked for, and kept too.
    for (const _ of [1, 2]) expectOwn(await ask(first.caller, encoded()), first, about)
    const shared = choices.pick(['hit', 'hit', 'stale', 'bypass'] as const)
    if (shared === 'stale') now += (ttl + stale / 2) * 1000
    const fresh: Record<string, string> = shared === 'bypass' ? { 'cache-control': 'no-cache' } : {}
    const answer = await ask(second.caller, { ...encoded(), ...fresh })
    expectOwn(answer, second, about)
    const isSame = fingerprint(first.user, records) === fingerprint(second.user, records)
    const state = isSame || shared === 'bypass' ? shared : 'miss'
    expect(answer.headers['x-cache'], JSON.stringify({ records, first: first.user, second: second.user })).toBe(state)
    pairs[isSame ? 'shared' : 'apart']++
    if (isSame && shared === 'stale') pairs.stale++
    // What was read again for the second is not what the first is told.
    expectOwn(await ask(first.caller, encoded()), first, about)
  }

  it('are never somebody else’s, and are shared by all whose rules are the same', { timeout: 300_000 }, async () => {
    const number = fc.noBias(fc.nat(2 ** 31 - 1))
    const property = fc.asyncProperty(number, number, async (rules, requests) => {
      const records = randomRecords(choicesFrom(rules), table)
      await instance.admin.call('PUT', `/${app}/permissions/sales`, { body: records })
      expect((await instance.admin.publish(app)).status).toBe(200)
      const choices = choicesFrom(requests)
      for (let pair = 0; pair < 6; pair++) await askBoth(choices, records)
    })
    const options = fuzzOptions<[number, number]>(runs)
    await fc.assert(property, options)
    if (options.numRuns === runs) expect(Math.min(pairs.shared, pairs.apart, pairs.stale)).toBeGreaterThan(3)
  })
})

function contentOf({ headers, bytes }: Answer): { data: unknown[] } {
  const coding = headers['content-encoding']
  const plain = coding === 'br' ? brotliDecompressSync(bytes) : coding === 'gzip' ? gunzipSync(bytes) : bytes
  return JSON.parse(plain.toString())
}
