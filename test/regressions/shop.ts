import { expect } from 'vitest'
import type { Clock } from '../../src/base/index.ts'
import { type Answer, anInstance, type Caller, type Instance } from '../builders/instance.ts'

/** Rows that only their own country sees: what a French reader must not learn stands out in any answer. */
const sales = 'country,product,amount\nFR,tea,1\nFR,jam,2\nIT,italian-only,7000\nJP,japan-only,40000\n'
const countries = 'code,capital\nFR,Paris\nIT,Rome\nJP,Tokyo\n'
const salaries = 'name,team,salary\nAnn,tea,314159\nBob,jam,271828\n'
const vault = 'code,word\nFR,vault-word\n'

const everybody = { scope: 'ALL_USERS', effect: 'SEE_ALL' } as const
export const inCountries = { column: 'country', operator: 'in', value: '{{ user.attributes.countries }}' }
export const custom = (condition: unknown) => [{ scope: 'ALL_USERS', effect: 'CUSTOM', condition }]

/** An app `shop` and the people who look into it. */
export interface Shop {
  readonly instance: Instance
  readonly admin: Caller
  /** Writes the app; sees no sales of production. */
  readonly builder: Caller
  /** Sees the sales of France. */
  readonly french: Caller
  /** Sees the sales of Italy. */
  readonly italian: Caller
  /** Sees every sale. */
  readonly boss: Caller
  /** Has no attribute. */
  readonly bare: Caller
  /** Replaces the permission records of a domain and publishes. */
  rule(domain: string, records: readonly unknown[]): Promise<void>
  /** Writes a derived or live domain with everything in it visible, and publishes. */
  domain(name: string, definition: Record<string, unknown>): Promise<void>
  close(): Promise<void>
}

/** `settings` are environment variables. */
export async function aShop(settings: Record<string, string> = {}, clock?: Clock): Promise<Shop> {
  const instance = await anInstance(settings, clock)
  const { admin } = instance
  await instance.anApp({ id: 'shop', domains: { sales, countries, salaries, vault }, published: false })
  const someone = (fields: object = {}) => instance.aUser({ privileges: { shop: ['view'] }, ...fields })
  const publish = async () => expect((await admin.publish('shop')).status).toBe(200)
  const put = async (domain: string, body: readonly unknown[]) => {
    const { status } = await admin.call('PUT', `/shop/permissions/${domain}`, { body })
    expect(status).toBe(200)
  }
  const [french, italian, boss, bare, builder] = [
    await someone({ username: 'french', attributes: { countries: ['FR'] } }),
    await someone({ username: 'italian', attributes: { countries: ['IT'] } }),
    await someone({ username: 'boss', groups: ['bosses'] }),
    await someone({ username: 'bare' }),
    await someone({ username: 'builder', privileges: { shop: ['contribute'] } }),
  ]
  await put('sales', [...custom(inCountries), { scope: 'USER_GROUP', group: 'bosses', effect: 'SEE_ALL' }])
  await put('salaries', [{ ...everybody, columns: { hide: ['salary'], mask: { name: '***' } } }])
  await put('vault', [{ scope: 'ALL_USERS', effect: 'SEE_NOTHING' }])
  await publish()
  return {
    instance,
    admin,
    builder,
    french,
    italian,
    boss,
    bare,
    async rule(domain, records) {
      await put(domain, records)
      await publish()
    },
    async domain(name, definition) {
      const { status, body } = await admin.call('PUT', `/shop/data/domains/${name}`, { body: definition })
      expect(status, JSON.stringify(body)).toBe(200)
      await put(name, [everybody])
      await publish()
    },
    close: () => instance.close(),
  }
}

export const ask = (caller: Caller, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  caller.call('POST', '/shop/data', { body, headers })

export const rowsOf = async (caller: Caller, body: unknown): Promise<Record<string, unknown>[]> => {
  const answer = await ask(caller, body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  return answer.body.data
}

/** Rows of sales after some steps. */
export const salesOf = (caller: Caller, ...pipeline: unknown[]) => rowsOf(caller, { domain: 'sales', pipeline })

export const sum = (column: string, on: readonly string[] = []) => ({
  name: 'aggregate',
  on,
  aggregations: [{ columns: [column], newcolumns: ['total'], aggfunction: 'sum' }],
})

/** What nobody but its owner may read in an answer, an error included. */
const secrets = /italian-only|japan-only|vault-word|7000|40000|47003|7003|Ann|Bob|314159|271828|585987/

export function expectNothingLearned({ status, body, headers }: Answer): void {
  expect(status).not.toBe(500)
  const tags = { etag: headers.etag, version: headers['x-data-version'], id: body?.requestId, to: body?.data_version }
  let text = JSON.stringify(body ?? null)
  for (const tag of Object.values(tags)) if (tag) text = text.replaceAll(String(tag), '')
  expect(text).not.toMatch(secrets)
}

/** An answer that is an error of the caller's, and tells nothing. */
export function expectRefused(answer: Answer, ...statuses: number[]): void {
  expectNothingLearned(answer)
  expect(statuses.length > 0 ? statuses : [400, 403, 422], JSON.stringify(answer.body)).toContain(answer.status)
}
