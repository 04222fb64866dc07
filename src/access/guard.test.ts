import { describe, expect, it } from 'vitest'
import { type Guarded, parsePipeline, type Query, renderPipeline } from '../pipeline/index.ts'
import { guard } from './guard.ts'
import type { PermissionRecord } from './permission-record.ts'
import type { Principal } from './principal.ts'

const viewer: Principal = {
  username: 'viewer',
  roles: ['USER'],
  privileges: { shop: ['view'] },
  groups: [],
  attributes: { country: 'FR' },
}
const own = { column: 'country', operator: 'eq', value: '{{ user.attributes.country }}' }
const records: Record<string, PermissionRecord[]> = {
  sales: [{ id: '1', domain: 'sales', scope: 'ALL_USERS', group: null, effect: 'CUSTOM', condition: own }],
  countries: [{ id: '2', domain: 'countries', scope: 'ALL_USERS', group: null, effect: 'SEE_ALL', condition: null }],
}
const rule = { column: 'country', operator: 'eq', value: 'FR' }

function guarded(steps: unknown, principal = viewer) {
  const pipeline = renderPipeline(parsePipeline(steps, {}), {}, new Date(0))
  const context = { principal, app: 'shop', stage: 'production', whenUnset: 'deny' } as const
  return guard({ pipeline }, { ...context, records: (domain) => records[domain] ?? [] })
}

const domain = (name: string) => ({ name: 'domain', domain: name })
const join = (right: unknown) => ({ name: 'join', right_pipeline: right, type: 'left', on: [['country', 'country']] })

describe('guard', () => {
  it('puts the rule at the root and in every nested pipeline, at any depth', () => {
    const deep = [domain('countries'), join([domain('sales'), join([domain('secret'), join('sales')])])]
    const text = JSON.stringify(guarded(deep).query)
    const rules = [...text.matchAll(/\{"name":"domain","domain":"(\w+)","rule":(\{[^}]*\})\}/g)]
    expect(rules.map(([, name, found]) => [name, JSON.parse(found ?? '')])).toEqual([
      ['countries', { always: true }],
      ['sales', rule],
      ['secret', { always: false }],
      ['sales', rule],
    ])
    expect(text.match(/"name":"domain"/g)).toHaveLength(4)
  })

  it('tells whether rows are restricted', () => {
    expect(guarded([domain('countries')]).restricted).toBe(false)
    expect(guarded([domain('sales')]).restricted).toBe(true)
    expect(guarded([domain('countries'), join('sales')]).restricted).toBe(true)
  })
})

it('gives a type that nobody else can make', () => {
  const { query } = guarded([domain('sales')])
  const plain: Query = { pipeline: [{ name: 'domain', domain: 'sales' }] }
  // @ts-expect-error a query that no guard has seen
  const unguarded: Guarded<Query> = plain
  // @ts-expect-error a copy that reads something else
  const changed: Guarded<Query> = { ...query, pipeline: plain.pipeline }
  expect([unguarded, changed]).not.toContain(query)
})

describe('the fingerprint', () => {
  const of = (steps: unknown, principal?: Principal) => guarded(steps, principal).fingerprint
  const with_ = (country: string): Principal => ({ ...viewer, username: `of-${country}`, attributes: { country } })

  it('is the same for equal rights and another one for unequal rights', () => {
    expect(of([domain('sales')], with_('FR'))).toBe(of([domain('sales')]))
    expect(of([domain('sales')], with_('IT'))).not.toBe(of([domain('sales')]))
    expect(of([domain('sales')], { ...viewer, attributes: {} })).not.toBe(of([domain('sales')]))
  })

  it('of somebody who sees everything is that of no filter', () => {
    expect(of([domain('countries')])).toBe(of([domain('countries'), join('countries')]))
  })
})
