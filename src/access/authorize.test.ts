import fc from 'fast-check'
import { expect, it } from 'vitest'
import { actions } from './actions.ts'
import { allows, authorize } from './authorize.ts'
import { type Principal, privileges, roles } from './principal.ts'

const aPrincipal = fc.record({
  username: fc.constant('ada'),
  roles: fc.uniqueArray(fc.constantFrom(...roles)),
  privileges: fc.dictionary(fc.constantFrom('shop', 'farm'), fc.uniqueArray(fc.constantFrom(...privileges))),
  groups: fc.constant([]),
  attributes: fc.constant({}),
}) satisfies fc.Arbitrary<Principal>

const aTarget = fc.option(
  fc.record(
    {
      app: fc.constantFrom('shop', 'farm', 'nowhere'),
      stage: fc.constantFrom('staging' as const, 'production' as const),
    },
    { requiredKeys: ['app'] },
  ),
  { nil: undefined },
)

it('what is allowed is what is not refused', () => {
  const action = fc.constantFrom(...(Object.keys(actions) as (keyof typeof actions)[]))
  fc.assert(
    fc.property(aPrincipal, action, aTarget, (principal, wanted, target) => {
      const allowed = allows(principal, wanted, target)
      if (allowed) authorize(principal, wanted, target)
      else expect(() => authorize(principal, wanted, target)).toThrow()
    }),
  )
})

it('a privilege counts on its own app, and staging needs more than viewing', () => {
  const ada: Principal = {
    username: 'ada',
    roles: ['USER'],
    privileges: { shop: ['view'] },
    groups: [],
    attributes: {},
  }
  expect(allows(ada, 'apps.read', { app: 'shop', stage: 'production' })).toBe(true)
  expect(allows(ada, 'apps.read', { app: 'shop', stage: 'staging' })).toBe(false)
  expect(allows(ada, 'operations.read', { app: 'shop' })).toBe(false)
  expect(allows(ada, 'apps.read', { app: 'farm' })).toBe(false)
  expect(allows(ada, 'apps.read')).toBe(false)
  expect(allows({ ...ada, roles: ['ADMIN'] }, 'operations.read', { app: 'farm' })).toBe(true)
  expect(allows(ada, 'instance-operations.read')).toBe(false)
})
