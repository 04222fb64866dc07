import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../base/index.ts'
import type { Condition } from '../pipeline/index.ts'
import type { PermissionRecord } from './permission-record.ts'
import type { Principal } from './principal.ts'
import { domainRule, type RuleContext } from './row-rule.ts'

const anna: Principal = {
  username: 'viewer',
  roles: ['USER'],
  privileges: { shop: ['view'] },
  groups: [],
  attributes: {},
}

function principal(attributes: { [name: string]: Json }, groups: string[] = []): Principal {
  return { ...anna, attributes, groups }
}

function record(
  scope: PermissionRecord['scope'],
  effect: PermissionRecord['effect'],
  more: Partial<PermissionRecord> = {},
): PermissionRecord {
  return { id: 'r', domain: 'sales', scope, effect, group: null, condition: null, ...more }
}

const custom = (condition: JsonObject) => record('ALL_USERS', 'CUSTOM', { condition })
const group = (name: string, effect: PermissionRecord['effect'], condition: JsonObject | null = null) =>
  record('USER_GROUP', effect, { group: name, condition })
const country = (value: string) => ({ column: 'country', operator: 'eq', value })

function ruleFor(records: readonly PermissionRecord[], who: Principal, more: Partial<RuleContext> = {}): Condition {
  return domainRule(records, { principal: who, app: 'shop', stage: 'production', whenUnset: 'deny', ...more }).rule
}

const all = { always: true }
const none = { always: false }

describe('the worst of the original', () => {
  it('shows nothing when a rule is on an attribute that the user lacks', () => {
    const rule = custom({ column: 'region', operator: 'eq', value: '{{ user.attributes.region }}' })
    expect(ruleFor([rule], principal({}))).toEqual(none)
  })
})

describe('which records apply', () => {
  const standard = record('DEFAULT', 'SEE_NOTHING')
  const eu = group('eu', 'CUSTOM', { column: 'country', operator: 'in', value: ['FR', 'IT'] })
  const asia = group('asia', 'CUSTOM', country('JP'))
  const jp = { column: 'country', operator: 'eq', value: 'JP' }
  const frIt = { column: 'country', operator: 'in', value: ['FR', 'IT'] }
  const cases: [string, PermissionRecord[], string[], unknown][] = [
    ['DEFAULT alone', [standard], ['any'], none],
    ['a group replaces DEFAULT', [standard, eu], ['eu'], frIt],
    [
      'groups are joined by or',
      [standard, eu, asia],
      ['eu', 'asia'],
      { or: [jp, frIt].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) },
    ],
    ['no group falls back to DEFAULT', [standard, eu, asia], [], none],
    [
      'ALL_USERS and groups are joined',
      [standard, custom(country('FR')), asia],
      ['asia'],
      { or: [{ ...jp, value: 'FR' }, jp] },
    ],
    ['SEE_ALL beats SEE_NOTHING', [group('eu', 'SEE_ALL'), group('asia', 'SEE_NOTHING')], ['eu', 'asia'], all],
    ['SEE_NOTHING adds nothing', [group('eu', 'SEE_NOTHING'), asia], ['eu', 'asia'], jp],
    ['DEFAULT is never added to the union', [record('DEFAULT', 'SEE_ALL'), asia], ['asia'], jp],
    ['nothing matches', [eu], ['asia'], none],
    ['group names are exact', [group('EU', 'SEE_ALL')], ['eu'], none],
  ]
  it.each(cases)('%s', (...[, records, groups, expected]) => {
    expect(ruleFor(records, principal({}, groups))).toEqual(expected)
  })

  it('asks the instance when a domain has no record at all', () => {
    expect(ruleFor([], anna)).toEqual(none)
    expect(ruleFor([], anna, { whenUnset: 'allow' })).toEqual(all)
    expect(ruleFor([eu], anna, { whenUnset: 'allow' })).toEqual(none)
  })

  it('holds in production for every role, and in staging for validators only', () => {
    const admin: Principal = { ...anna, roles: ['SUPER_ADMIN'] }
    const builder: Principal = { ...anna, privileges: { shop: ['contribute'] } }
    const validator: Principal = { ...anna, privileges: { shop: ['view', 'validate'] } }
    for (const who of [admin, builder, validator]) expect(ruleFor([standard], who)).toEqual(none)
    expect(ruleFor([standard], admin, { stage: 'staging' })).toEqual(all)
    expect(ruleFor([standard], builder, { stage: 'staging' })).toEqual(all)
    expect(ruleFor([standard], validator, { stage: 'staging' })).toEqual(none)
    expect(ruleFor([standard], anna, { stage: 'staging' })).toEqual(none)
    expect(ruleFor([standard], { ...builder, privileges: { other: ['contribute'] } }, { stage: 'staging' })).toEqual(
      none,
    )
  })
})

describe('values from the user', () => {
  const missing: { [name: string]: Json }[] = [{}, { a: null }, { a: '' }, { b: 'x' }]
  const operators = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'matches', 'notmatches']

  it.each(operators)('a missing, null or empty attribute denies (%s)', (operator) => {
    for (const attributes of missing) {
      for (const value of ['{{ user.attributes.a }}', 'x-{{ user.attributes.a }}', "{{ user['attributes']['a'] }}"]) {
        expect(ruleFor([custom({ column: 'c', operator, value })], principal(attributes))).toEqual(none)
      }
    }
  })

  it.each(['in', 'nin'])('a missing, empty or holey list denies (%s)', (operator) => {
    for (const attributes of [
      ...missing,
      { a: [] },
      { a: ['x', null] },
      { a: ['x', ''] },
      { a: [['x']] },
      { a: { x: 1 } },
    ]) {
      for (const value of ['{{ user.attributes.a }}', ['{{ user.attributes.a }}'], ['y', '{{ user.attributes.a }}']]) {
        expect(ruleFor([custom({ column: 'c', operator, value: value as Json })], principal(attributes))).toEqual(none)
      }
    }
  })

  it('a denied leaf takes nothing away from another branch', () => {
    const leaf = { column: 'c', operator: 'ne', value: '{{ user.attributes.a }}' }
    const other = { column: 'd', operator: 'eq', value: 1 }
    expect(ruleFor([custom({ or: [leaf, other] })], anna)).toEqual(other)
    expect(ruleFor([custom({ and: [leaf, other] })], anna)).toEqual(none)
  })

  it('keeps types and splices lists once', () => {
    const who = principal({ n: 42, list: ['b', 'a', 'a'], yes: true })
    const eq = (value: Json) => ruleFor([custom({ column: 'c', operator: 'eq', value })], who)
    expect(eq('{{ user.attributes.n }}')).toEqual({ column: 'c', operator: 'eq', value: 42 })
    expect(eq('{{ user.attributes.yes }}')).toEqual({ column: 'c', operator: 'eq', value: true })
    expect(eq('n{{ user.attributes.n }}')).toEqual({ column: 'c', operator: 'eq', value: 'n42' })
    expect(eq('{{ user.attributes.list }}')).toEqual(none)
    expect(eq('{{ user.username }}')).toEqual({ column: 'c', operator: 'eq', value: 'viewer' })
    const list = ['z', '{{ user.attributes.list }}', '{{ user.attributes.n }}']
    expect(ruleFor([custom({ column: 'c', operator: 'in', value: list })], who)).toEqual({
      column: 'c',
      operator: 'in',
      value: ['a', 'b', 'z', 42],
    })
  })

  it('sees the user and nothing else', () => {
    for (const value of [
      '{{ parameters.x }}',
      '{{ country }}',
      '{{ user.passwordHash }}',
      '{{ user.constructor }}',
      '{{ user.__proto__ }}',
    ]) {
      expect(ruleFor([custom({ column: 'c', operator: 'ne', value })], principal({ country: 'FR' }))).toEqual(none)
    }
  })

  it('searches literally for what comes from the user', () => {
    const rule = custom({ column: 'c', operator: 'matches', value: '^{{ user.attributes.a }}$' })
    expect(ruleFor([rule], principal({ a: '.*' }))).toEqual({ column: 'c', operator: 'matches', value: '^\\.\\*$' })
    expect(ruleFor([rule], principal({ a: 'FR|IT' }))).toEqual({ column: 'c', operator: 'matches', value: '^FR\\|IT$' })
    expect(ruleFor([custom({ column: 'c', operator: 'matches', value: '^A.*' })], anna)).toEqual({
      column: 'c',
      operator: 'matches',
      value: '^A.*',
    })
  })

  it('denies when a stored condition no longer parses', () => {
    expect(ruleFor([custom({ column: 'c', operator: 'is', value: 1 })], anna)).toEqual(none)
    expect(ruleFor([custom({ and: [] })], anna)).toEqual(none)
    expect(ruleFor([custom({ column: 'c', operator: 'eq', value: '{{ user. }}' })], anna)).toEqual(none)
  })
})

describe('equal rights', () => {
  const leaf = fc.record({
    column: fc.constantFrom('a', 'b'),
    operator: fc.constantFrom('eq', 'ne'),
    value: fc.integer({ min: 0, max: 2 }),
  })
  const conditions = fc.letrec<{ tree: JsonObject }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((and) => ({ and })),
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((or) => ({ or })),
    ) as fc.Arbitrary<JsonObject>,
  })).tree

  /** The meaning of a rule on one row, written down a second time. */
  const holds = (condition: Condition, row: Record<string, number>): boolean => {
    if ('and' in condition) return condition.and.every((member) => holds(member, row))
    if ('or' in condition) return condition.or.some((member) => holds(member, row))
    if ('always' in condition) return condition.always
    const equal = 'value' in condition && row[condition.column] === condition.value
    return condition.operator === 'eq' ? equal : !equal
  }

  it('give equal rules whatever the order and repetition of records and members', () => {
    fc.assert(
      fc.property(fc.array(conditions, { minLength: 1, maxLength: 4 }), fc.nat(), (list, turn) => {
        const records = list.map((condition, index) => group(`g${index}`, 'CUSTOM', condition))
        const groups = records.map((_, index) => `g${index}`)
        const turned = [...records.slice(turn % records.length), ...records.slice(0, turn % records.length), ...records]
        expect(ruleFor(turned, principal({}, groups))).toEqual(ruleFor(records, principal({}, groups)))
      }),
    )
  })

  it('are never changed by the canonical form', () => {
    fc.assert(
      fc.property(conditions, fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }), (condition, a, b) => {
        expect(holds(ruleFor([custom(condition)], anna), { a, b })).toBe(
          holds(condition as unknown as Condition, { a, b }),
        )
      }),
    )
  })
})
